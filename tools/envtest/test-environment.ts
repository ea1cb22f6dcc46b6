import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { API_VERSION, FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestEnvironment, TestEnvironmentSpec } from '@backendai-e2e/api/test-environment';
import type { TestReport, TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRun, TestRunSpec } from '@backendai-e2e/api/test-run';
import type { TestSuite, TestSuiteSpec } from '@backendai-e2e/api/test-suite';
import {
  DEPLOYMENTS,
  EVENTS,
  PODS,
  type Pod,
  ROLE_BINDINGS,
  ROLES,
  type Role,
  SERVICE_ACCOUNTS,
  STATEFUL_SETS,
} from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { createOperator } from '@backendai-e2e/operator/operator';
import type { OperatorOptions } from '@backendai-e2e/operator/options';
import type { Access } from './access.ts';
import { helmPath } from './cached-tool.ts';
import type { ControlPlane } from './control-plane.ts';
import { finalReport } from './final-report.ts';
import { NAMESPACE, renderOperatorChartIn } from './operator-chart.ts';
import { startOperatorProgram } from './operator-program.ts';
import { endOf } from './process-end.ts';
import { quietLog } from './quiet-log.ts';
import { sharedControlPlane } from './shared-control-plane.ts';
import { until } from './until.ts';

const ACCOUNT = 'backendai-e2e-operator';

/** An operator that runs. */
export interface RunningOperator {
  /** Asks it to stop and waits until it has. */
  stop(): Promise<void>;
}

/**
 * A real API server with the CRDs and the rights of charts/e2e-operator, and the operator with exactly those rights.
 * The test plays the kubelet (pods) and the runner (reports).
 */
export class Stage {
  /** Of the operator and the runs. */
  readonly namespace: string;
  readonly plane: ControlPlane;
  /** The administrator. */
  readonly client: KubeClient;
  readonly #access: Access;
  readonly #role: string;
  readonly #running = new Set<RunningOperator>();

  constructor(plane: ControlPlane, access: Access, namespace: string) {
    this.namespace = namespace;
    this.plane = plane;
    this.client = plane.client();
    this.#access = access;
    this.#role = `${ACCOUNT}-${namespace}-environment`;
  }

  /** What the operator is started with; `changes` replaces parts. */
  options(changes: Partial<OperatorOptions> = {}): OperatorOptions {
    return {
      kubeConfig: this.#access.kubeConfig,
      kubeconfigPath: this.#access.kubeconfigPath,
      namespace: this.namespace,
      chartsDir: fileURLToPath(new URL('./charts', import.meta.url)),
      helm: helmPath(),
      catalog: undefined,
      identity: { namespace: this.namespace, serviceAccount: ACCOUNT, environmentRole: this.#role },
      electionIdentity: undefined,
      port: 0,
      log: quietLog(),
      ...changes,
    };
  }

  /** Starts the operator in this process. */
  startOperator(changes: Partial<OperatorOptions> = {}): RunningOperator {
    const stop = new AbortController();
    const ended = createOperator(this.options(changes)).run(stop.signal);
    // An operator that cannot start fails the test at its stop, at the latest.
    ended.catch(() => undefined);
    const running = {
      stop: async () => {
        this.#running.delete(running);
        stop.abort(new Error('stopped by the test'));
        await ended;
      },
    };
    this.#running.add(running);
    return running;
  }

  /** Starts the operator as the program that the image starts; with the Lease. */
  startProcess(more: readonly string[] = []): ChildProcess {
    const child = startOperatorProgram(this.options(), more);
    this.#running.add({
      stop: async () => {
        child.kill('SIGKILL');
        await endOf(child);
      },
    });
    return child;
  }

  /** Stops every operator, also after one could not be stopped, and leaves the control plane. */
  async stop(): Promise<void> {
    const ends = await Promise.allSettled([...this.#running].map((operator) => operator.stop()));
    await this.plane.stop();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Where an environment of that name is deployed: the namespaces of environments are the whole cluster's. */
  deployedIn(environment: string): string {
    return `${this.namespace}-${environment}`;
  }

  /** Waits for the service account that pods in a namespace need: Kubernetes makes it a moment after the namespace. */
  async podsMayBeMade(namespace: string): Promise<void> {
    await until(`namespace ${namespace} has its service account`, () =>
      this.client.get(SERVICE_ACCOUNTS, { namespace, name: 'default' }),
    );
  }

  /** Creates an environment; one with a chart is deployed in deployedIn(name), unless its spec names another namespace. */
  environment(name: string, spec: TestEnvironmentSpec = { external: {} }): Promise<TestEnvironment> {
    const where = spec.chart ? { namespace: this.deployedIn(name) } : {};
    return this.client.create(TEST_ENVIRONMENTS, {
      metadata: { name, namespace: this.namespace },
      spec: { ...where, ...spec },
    });
  }

  suite(
    name: string,
    spec: Partial<TestSuiteSpec> = {},
    labels: Record<string, string> = {},
  ): Promise<TestSuite> {
    return this.client.create(TEST_SUITES, {
      metadata: { name, namespace: this.namespace, labels },
      spec: { files: ['area/file'], image: 'suites:test', ...spec },
    });
  }

  run(name: string, environment: string, spec: Partial<TestRunSpec> = {}): Promise<TestRun> {
    return this.client.create(TEST_RUNS, {
      metadata: { name, namespace: this.namespace },
      spec: { environmentRef: { name: environment }, ...spec },
    });
  }

  /** A user with these rights in the namespace of the runs, and no others. */
  async user(name: string, rules: NonNullable<Role['rules']>): Promise<Access> {
    const access = await this.plane.serviceAccount(this.namespace, name);
    await this.grant(name, rules, [name]);
    return access;
  }

  /** Gives rights in the namespace of the runs to service accounts there. */
  async grant(role: string, rules: NonNullable<Role['rules']>, accounts: readonly string[]): Promise<void> {
    const metadata = { namespace: this.namespace, name: role };
    await this.client.create(ROLES, { metadata, rules });
    await this.client.create(ROLE_BINDINGS, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
      subjects: accounts.map((name) => ({ kind: 'ServiceAccount', name, namespace: this.namespace })),
    });
  }

  /** Plays the controllers and the kubelet of the workloads of testing/charts/tiny, which run nowhere here. */
  async tinyIsReady(namespace: string, managers = 2): Promise<void> {
    const set = async <T extends KubeObject>(resource: Resource<T>, name: string, status: object) => {
      await until(`${name} exists`, () => this.client.get(resource, { namespace, name }));
      await this.client.mergePatch(resource, { namespace, name }, { status }, { subresource: 'status' });
    };
    await set(DEPLOYMENTS, 'manager', { replicas: managers, readyReplicas: managers });
    await set(STATEFUL_SETS, 'agent', { replicas: 1, readyReplicas: 1 });
    // The Job controller is real: the Job completes when its pod does.
    const [pod] = await until('the bootstrap Job has a pod', async () => {
      const labelSelector = 'batch.kubernetes.io/job-name=bootstrap';
      const { items } = await this.client.list(PODS, { namespace, labelSelector });
      return items.length > 0 && items;
    });
    if (pod && pod.status?.phase !== 'Succeeded') await set(PODS, pod.metadata.name, { phase: 'Succeeded' });
  }

  getRun(name: string): Promise<TestRun | undefined> {
    return this.client.get(TEST_RUNS, { namespace: this.namespace, name });
  }

  getReport(name: string): Promise<TestReport | undefined> {
    return this.client.get(TEST_REPORTS, { namespace: this.namespace, name });
  }

  getEnvironment(name: string): Promise<TestEnvironment | undefined> {
    return this.client.get(TEST_ENVIRONMENTS, { namespace: this.namespace, name });
  }

  /** Waits until the run has its verdict. */
  finished(name: string): Promise<TestRun> {
    return until(`run ${name} has its verdict`, async () => {
      const run = await this.getRun(name);
      const succeeded = conditionOf(run?.status?.conditions, 'Succeeded');
      if (succeeded?.status === 'True' || succeeded?.status === 'False') return run;
      throw new Error(JSON.stringify(run?.status));
    });
  }

  /** Waits until there are events of all these reasons about the object of that name: they arrive in any order. */
  async hasEvents(name: string, reasons: readonly string[]): Promise<void> {
    await until(`events about ${name} with the reasons ${reasons.join(', ')}`, async () => {
      const fieldSelector = `involvedObject.name=${name}`;
      const { items } = await this.client.list(EVENTS, { namespace: this.namespace, fieldSelector });
      const found = items.map(({ reason }) => reason);
      if (!reasons.every((reason) => found.includes(reason))) throw new Error(found.join(', '));
      return true;
    });
  }

  /** Waits for the pod that the Job controller makes for an attempt. */
  pod(attempt: string): Promise<Pod> {
    return until(`attempt ${attempt} has a pod`, async () => {
      const labelSelector = `batch.kubernetes.io/job-name=${attempt}`;
      const { items } = await this.client.list(PODS, { namespace: this.namespace, labelSelector });
      return items[0];
    });
  }

  /** Plays the kubelet: writes a pod's status. */
  podStatus(pod: Pod, status: Pod['status']): Promise<Pod> {
    const { name, namespace = this.namespace } = pod.metadata;
    return this.client.mergePatch(PODS, { namespace, name }, { status }, { subresource: 'status' });
  }

  /** Plays the kubelet: the pod's container ended, with a message of its own where one is given. */
  podEnded(
    pod: Pod,
    exitCode: number,
    reason = exitCode === 0 ? 'Completed' : 'Error',
    message?: string,
  ): Promise<Pod> {
    const now = new Date().toISOString();
    return this.podStatus(pod, {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [
        {
          name: 'suite',
          image: 'suites:test',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: {
            terminated: {
              exitCode,
              reason,
              ...(message ? { message } : {}),
              startedAt: now,
              finishedAt: now,
            },
          },
        },
      ],
    });
  }

  /** Plays the runner: applies a report's status once the report is there. */
  async report(attempt: string, status: TestReportStatus): Promise<void> {
    await until(`report ${attempt} exists`, () => this.getReport(attempt));
    await this.client.applyStatus(
      TEST_REPORTS,
      { apiVersion: API_VERSION, metadata: { name: attempt, namespace: this.namespace }, status },
      { fieldManager: FIELD_MANAGERS.runner, force: true },
    );
  }

  /** Plays an attempt from its pod to its final report. */
  async attempt(name: string, verdict: 'Passed' | 'Failed'): Promise<void> {
    await this.pod(name);
    await this.report(name, finalReport(verdict));
  }
}

/**
 * A namespace of the shared control plane with everything that the chart installs there but the operator's Deployment.
 * @param values of the chart (a=b); unless they say otherwise there is no artifact server
 */
export async function startStage(...values: string[]): Promise<Stage> {
  const plane = await sharedControlPlane();
  const namespace = plane.uniqueName(NAMESPACE);
  const rights = await renderOperatorChartIn(namespace, values, 'rbac.yaml', 'fault-policy.yaml');
  await plane.createNamespace(namespace, { 'pod-security.kubernetes.io/enforce': 'restricted' });
  await plane.applyYaml(rights);
  return new Stage(plane, await plane.serviceAccount(namespace, ACCOUNT), namespace);
}
