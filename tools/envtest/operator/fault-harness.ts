import type { Fault, FaultSpec } from '@backendai-e2e/api/fault';
import { OPERATOR_NAME } from '@backendai-e2e/api/group';
import { FAULTS, TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import { DEPLOYMENTS, PODS, type Pod, ROLE_BINDINGS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { ToolEvent } from '@backendai-e2e/operator/faults/receipt-lines';
import type { Tool } from '@backendai-e2e/operator/faults/tools';
import { type FakeKubelet, startKubelet } from '../doubles/fake-kubelet.ts';
import { until } from '../waits/until.ts';
import { type OperatorHarness, startOperatorHarness } from './harness.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['ephemeralContainerStatuses']>[number];

const ENVIRONMENT = 'broken';

/** A deployed environment that allows disruption. The test plays its pods and the fault tools. */
export class FaultHarness {
  readonly harness: OperatorHarness;
  readonly kubelet: FakeKubelet;
  /** The namespace in which the environment is deployed. */
  readonly namespace: string;

  constructor(harness: OperatorHarness, kubelet: FakeKubelet) {
    this.harness = harness;
    this.namespace = harness.deploymentNamespace(ENVIRONMENT);
    this.kubelet = kubelet;
  }

  get client(): KubeClient {
    return this.harness.client;
  }

  /** Creates a Fault, by default in the environment that allows disruption. */
  ask(name: string, spec: Omit<FaultSpec, 'environmentRef'>, environment = ENVIRONMENT): Promise<Fault> {
    return this.client.create(FAULTS, {
      metadata: { name, namespace: this.harness.namespace },
      spec: { environmentRef: { name: environment }, ...spec },
    });
  }

  /** The Fault as the API server holds it. Undefined if there is none. */
  fault(name: string): Promise<Fault | undefined> {
    return this.client.get(FAULTS, { namespace: this.harness.namespace, name });
  }

  /** Asks the operator to heal a Fault. */
  heal(name: string): Promise<Fault> {
    const at = { namespace: this.harness.namespace, name };
    return this.client.mergePatch(FAULTS, at, { spec: { heal: true } });
  }

  /** The pod as the API server holds it. Undefined if there is none. */
  podNow(name: string): Promise<Pod | undefined> {
    return this.client.get(PODS, { namespace: this.namespace, name });
  }

  /** Creates a ready pod of a component, on the node of the kubelet. */
  async pod(
    name: string,
    component: string,
    address = '10.1.1.1',
    shareProcessNamespace = true,
  ): Promise<Pod> {
    await this.client.create(PODS, {
      metadata: { name, namespace: this.namespace, labels: { 'app.kubernetes.io/component': component } },
      spec: {
        nodeName: this.kubelet.node,
        terminationGracePeriodSeconds: 0,
        shareProcessNamespace,
        containers: [{ name: 'main', image: 'main:test' }],
      },
    });
    return this.#status(name, {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [container('c0ffee', 0)],
    });
  }

  /** Plays the kubelet: restarts the container of a pod. */
  restarted(pod: Pod): Promise<Pod> {
    return this.#status(pod.metadata.name, { containerStatuses: [container('decaf', 1)] });
  }

  /** Deletes a pod without a grace period. */
  async gone(name: string): Promise<void> {
    await this.client.delete(PODS, { namespace: this.namespace, name }, { gracePeriodSeconds: 0 });
  }

  /** Creates a Deployment of a component, labelled as the chart labels its own. */
  async deployment(name: string, replicas: number): Promise<void> {
    const labels = { 'app.kubernetes.io/component': name };
    await this.client.create(DEPLOYMENTS, {
      metadata: { name, namespace: this.namespace, labels },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'main', image: 'main:test' }] },
        },
      },
    });
  }

  /** Waits until the operator adds a tool to a pod, then plays the tool: it prints these events. */
  async tool(
    pod: Pod,
    tool: Tool,
    events: readonly ToolEvent[],
    state: 'running' | 'ended' = 'running',
  ): Promise<void> {
    const at = new Date().toISOString();
    const name = await this.#toolName(pod, tool);
    const lines = events.map((event) => `${JSON.stringify({ at, event, evidence: `${tool} ${event}` })}\n`);
    this.kubelet.log(pod, name, lines.join(''));
    await this.#toolState(
      pod,
      name,
      state === 'running'
        ? { running: { startedAt: at } }
        : { terminated: { exitCode: 0, startedAt: at, finishedAt: at } },
    );
  }

  /** Waits until the operator adds a tool to a pod, then plays a container runtime that cannot start it. */
  async unstartedTool(pod: Pod, tool: Tool, message: string): Promise<void> {
    const name = await this.#toolName(pod, tool);
    await this.#toolState(pod, name, { waiting: { reason: 'RunContainerError', message } });
  }

  /** Waits for a tool in a pod, and resolves to its container name. Ignores tools that could not start. */
  #toolName(pod: Pod, tool: Tool): Promise<string> {
    const { name } = pod.metadata;
    return until(`pod ${name} has a tool ${tool}`, async () => {
      const now = await this.podNow(name);
      const unstarted = (now?.status?.ephemeralContainerStatuses ?? []).filter(
        ({ state }) => state?.waiting !== undefined,
      );
      return now?.spec?.ephemeralContainers?.find(
        ({ name: one, args }) => args?.[0] === tool && !unstarted.some((status) => status.name === one),
      )?.name;
    });
  }

  async #toolState(pod: Pod, tool: string, state: NonNullable<ContainerStatus['state']>): Promise<void> {
    const { name } = pod.metadata;
    const before = (await this.podNow(name))?.status?.ephemeralContainerStatuses ?? [];
    const others = before.filter((each) => each.name !== tool);
    const status = { ...container(tool, 0), name: tool, state };
    await this.#status(name, { ephemeralContainerStatuses: [...others, status] });
  }

  /** Stops the operators and the kubelet. */
  async stop(): Promise<void> {
    await this.harness.stop();
    await this.kubelet.stop();
  }

  #status(name: string, status: Pod['status']): Promise<Pod> {
    const at = { namespace: this.namespace, name };
    return this.client.mergePatch(PODS, at, { status }, { subresource: 'status' });
  }
}

function container(id: string, restartCount: number) {
  return {
    name: 'main',
    image: 'main:test',
    imageID: '',
    containerID: `containerd://${id}`,
    ready: true,
    restartCount,
    state: { running: { startedAt: new Date().toISOString() } },
  };
}

/** Starts a harness with such an environment. The operator that deployed the environment has stopped. */
export async function startFaultHarness(): Promise<FaultHarness> {
  const harness = await startOperatorHarness();
  const operator = harness.startOperator();
  const { client, namespace } = harness;
  const faults = new FaultHarness(harness, await startKubelet(harness.plane));
  await client.create(TEST_ENVIRONMENTS, {
    metadata: { name: ENVIRONMENT, namespace },
    spec: {
      chart: { name: 'tiny', values: { image: 'main:test', replicas: 1 } },
      namespace: faults.namespace,
      disruption: 'Allowed',
    },
  });
  await until('the operator has its rights in the namespace', () =>
    client.get(ROLE_BINDINGS, { namespace: faults.namespace, name: OPERATOR_NAME }),
  );
  await until(
    'the environment is deployed',
    async () => (await client.get(TEST_ENVIRONMENTS, { namespace, name: ENVIRONMENT }))?.status?.valuesHash,
  );
  await harness.waitForServiceAccount(faults.namespace);
  await operator.stop();
  return faults;
}
