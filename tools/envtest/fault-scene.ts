import type { Fault, FaultSpec } from '@backendai-e2e/api/fault';
import { FAULTS, TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import { DEPLOYMENTS, PODS, type Pod, ROLE_BINDINGS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { ToolEvent } from '@backendai-e2e/operator/faults/receipt-lines';
import type { Tool } from '@backendai-e2e/operator/faults/tools';
import { type FakeKubelet, startKubelet } from './fake-kubelet.ts';
import { type Stage, startStage } from './test-environment.ts';
import { until } from './until.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['ephemeralContainerStatuses']>[number];

const ENVIRONMENT = 'broken';

/** A deployed environment that may be broken, whose pods and tools the test plays. */
export class FaultScene {
  readonly stage: Stage;
  readonly kubelet: FakeKubelet;
  /** Of the deployment. */
  readonly namespace: string;

  constructor(stage: Stage, kubelet: FakeKubelet) {
    this.stage = stage;
    this.namespace = stage.deployedIn(ENVIRONMENT);
    this.kubelet = kubelet;
  }

  get client(): KubeClient {
    return this.stage.client;
  }

  /** Asks for a fault. */
  ask(name: string, spec: Omit<FaultSpec, 'environmentRef'>): Promise<Fault> {
    return this.client.create(FAULTS, {
      metadata: { name, namespace: this.stage.namespace },
      spec: { environmentRef: { name: ENVIRONMENT }, ...spec },
    });
  }

  fault(name: string): Promise<Fault | undefined> {
    return this.client.get(FAULTS, { namespace: this.stage.namespace, name });
  }

  heal(name: string): Promise<Fault> {
    const at = { namespace: this.stage.namespace, name };
    return this.client.mergePatch(FAULTS, at, { spec: { heal: true } });
  }

  podNow(name: string): Promise<Pod | undefined> {
    return this.client.get(PODS, { namespace: this.namespace, name });
  }

  /** A ready pod of a component, on the node of the kubelet. */
  async pod(name: string, component: string, address = '10.1.1.1'): Promise<Pod> {
    await this.client.create(PODS, {
      metadata: { name, namespace: this.namespace, labels: { 'app.kubernetes.io/component': component } },
      spec: {
        nodeName: this.kubelet.node,
        terminationGracePeriodSeconds: 0,
        shareProcessNamespace: true,
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

  /** The pod's container has been started anew. */
  restarted(pod: Pod): Promise<Pod> {
    return this.#status(pod.metadata.name, { containerStatuses: [container('decaf', 1)] });
  }

  /** The pod is gone. */
  async gone(name: string): Promise<void> {
    await this.client.delete(PODS, { namespace: this.namespace, name }, { gracePeriodSeconds: 0 });
  }

  /** A workload of a component, as the chart's are. */
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

  /** Plays a tool in a pod once the operator has put it there: it has told these events, and runs or has ended. */
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

  /** Plays the runtime that cannot start a tool once the operator has put it into a pod. */
  async unstartedTool(pod: Pod, tool: Tool, message: string): Promise<void> {
    const name = await this.#toolName(pod, tool);
    await this.#toolState(pod, name, { waiting: { reason: 'RunContainerError', message } });
  }

  /** Waits for a tool in a pod that is not one that could not be started. */
  #toolName(pod: Pod, tool: Tool): Promise<string> {
    const { name } = pod.metadata;
    return until(`a tool ${tool} is put into pod ${name}`, async () => {
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

  async stop(): Promise<void> {
    await this.stage.stop();
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

/** Starts a stage with such an environment, deployed by an operator that has stopped again. */
export async function startFaultScene(): Promise<FaultScene> {
  const stage = await startStage();
  const operator = stage.startOperator();
  const { client, namespace } = stage;
  const scene = new FaultScene(stage, await startKubelet(stage.plane));
  await client.create(TEST_ENVIRONMENTS, {
    metadata: { name: ENVIRONMENT, namespace },
    spec: {
      chart: { name: 'tiny', values: { image: 'main:test', replicas: 1 } },
      namespace: scene.namespace,
      disruption: 'Allowed',
    },
  });
  await until('the operator has its rights in the namespace', () =>
    client.get(ROLE_BINDINGS, { namespace: scene.namespace, name: 'backendai-e2e-operator' }),
  );
  await until(
    'the environment is deployed',
    async () => (await client.get(TEST_ENVIRONMENTS, { namespace, name: ENVIRONMENT }))?.status?.valuesHash,
  );
  await stage.podsMayBeMade(scene.namespace);
  await operator.stop();
  return scene;
}
