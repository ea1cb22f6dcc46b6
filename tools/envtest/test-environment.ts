import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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
  NAMESPACES,
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
import { crdFiles } from '../crds/files.ts';
import type { Access } from './access.ts';
import { helmPath } from './cached-tool.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { finalReport } from './final-report.ts';
import { NAMESPACE, renderOperatorChartIn } from './operator-chart.ts';
import { quietLog } from './quiet-log.ts';
import { until } from './until.ts';

const ACCOUNT = 'backendai-e2e-operator';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

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
  readonly namespace = NAMESPACE;
  readonly plane: ControlPlane;
  /** The administrator. */
  readonly client: KubeClient;
  readonly #access: Access;
  readonly #role: string;
  readonly #running = new Set<RunningOperator>();

  constructor(plane: ControlPlane, access: Access, role: string) {
    this.plane = plane;
    this.client = plane.client();
    this.#access = access;
    this.#role = role;
  }

  /** What the operator is started with; `changes` replaces parts. */
  options(changes: Partial<OperatorOptions> = {}): OperatorOptions {
    return {
      kubeConfig: this.#access.kubeConfig,
      kubeconfigPath: this.#access.kubeconfigPath,
      namespace: NAMESPACE,
      chartsDir: fileURLToPath(new URL('./charts', import.meta.url)),
      helm: helmPath(),
      catalog: undefined,
      identity: { namespace: NAMESPACE, serviceAccount: ACCOUNT, environmentRole: this.#role },
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
    const options = this.options();
    const child = spawn(
      process.execPath,
      [
        'operator/main.ts',
        `--kubeconfig=${options.kubeconfigPath}`,
        `--namespace=${NAMESPACE}`,
        `--charts-dir=${options.chartsDir}`,
        `--helm=${options.helm}`,
        `--environment-role=${this.#role}`,
        '--metrics-port=0',
        `--log-level=${process.env.E2E_TEST_LOG || 'fatal'}`,
        ...more,
      ],
      { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    this.#running.add({
      stop: async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    });
    return child;
  }

  async stop(): Promise<void> {
    for (const operator of this.#running) await operator.stop();
    await this.plane.stop();
  }

  environment(name: string, spec: TestEnvironmentSpec = { external: {} }): Promise<TestEnvironment> {
    return this.client.create(TEST_ENVIRONMENTS, { metadata: { name, namespace: NAMESPACE }, spec });
  }

  suite(
    name: string,
    spec: Partial<TestSuiteSpec> = {},
    labels: Record<string, string> = {},
  ): Promise<TestSuite> {
    return this.client.create(TEST_SUITES, {
      metadata: { name, namespace: NAMESPACE, labels },
      spec: { files: ['area/file'], image: 'suites:test', ...spec },
    });
  }

  run(name: string, environment: string, spec: Partial<TestRunSpec> = {}): Promise<TestRun> {
    return this.client.create(TEST_RUNS, {
      metadata: { name, namespace: NAMESPACE },
      spec: { environmentRef: { name: environment }, ...spec },
    });
  }

  /** A user with these rights in the namespace of the runs, and no others. */
  async user(name: string, rules: NonNullable<Role['rules']>): Promise<Access> {
    const access = await this.plane.serviceAccount(NAMESPACE, name);
    await this.grant(name, rules, [name]);
    return access;
  }

  /** Gives rights in the namespace of the runs to service accounts there. */
  async grant(role: string, rules: NonNullable<Role['rules']>, accounts: readonly string[]): Promise<void> {
    const metadata = { namespace: NAMESPACE, name: role };
    await this.client.create(ROLES, { metadata, rules });
    await this.client.create(ROLE_BINDINGS, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
      subjects: accounts.map((name) => ({ kind: 'ServiceAccount', name, namespace: NAMESPACE })),
    });
  }

  /** Plays the controllers and the kubelet of the workloads of testing/charts/tiny, which run nowhere here. */
  async tinyIsReady(namespace: string, managers = 2): Promise<void> {
    const set = async <T extends KubeObject>(resource: Resource<T>, name: string, status: object) => {
      await until(`${name} exists`, () => this.client.get(resource, { namespace, name }), {
        timeoutMs: 30_000,
      });
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
    return this.client.get(TEST_RUNS, { namespace: NAMESPACE, name });
  }

  getReport(name: string): Promise<TestReport | undefined> {
    return this.client.get(TEST_REPORTS, { namespace: NAMESPACE, name });
  }

  getEnvironment(name: string): Promise<TestEnvironment | undefined> {
    return this.client.get(TEST_ENVIRONMENTS, { namespace: NAMESPACE, name });
  }

  /** Waits until the run has its verdict. */
  finished(name: string, timeoutMs = 15_000): Promise<TestRun> {
    return until(
      `run ${name} has its verdict`,
      async () => {
        const run = await this.getRun(name);
        const succeeded = conditionOf(run?.status?.conditions, 'Succeeded');
        if (succeeded?.status === 'True' || succeeded?.status === 'False') return run;
        throw new Error(JSON.stringify(run?.status));
      },
      { timeoutMs },
    );
  }

  /** Waits for the pod that the Job controller makes for an attempt. */
  pod(attempt: string): Promise<Pod> {
    return until(`attempt ${attempt} has a pod`, async () => {
      const labelSelector = `batch.kubernetes.io/job-name=${attempt}`;
      const { items } = await this.client.list(PODS, { namespace: NAMESPACE, labelSelector });
      return items[0];
    });
  }

  /** Plays the kubelet: writes a pod's status. */
  podStatus(pod: Pod, status: Pod['status']): Promise<Pod> {
    const { name, namespace = NAMESPACE } = pod.metadata;
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
      { apiVersion: API_VERSION, metadata: { name: attempt, namespace: NAMESPACE }, status },
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
 * Starts the control plane with everything that the chart installs but the operator's Deployment.
 * @param values of the chart (a=b); unless they say otherwise there is no keeper of artifacts
 */
export async function startStage(...values: string[]): Promise<Stage> {
  const rights = await renderOperatorChartIn(NAMESPACE, values, 'rbac.yaml', 'fault-policy.yaml');
  const plane = await startControlPlane({
    controllerManager: true,
    manifests: crdFiles().map(({ content }) => content),
  });
  try {
    await plane.client().create(NAMESPACES, {
      metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    await plane.applyYaml(rights);
    // Pods need it; the controller manager makes it once it has begun, which takes it a while where several begin at once.
    await until(
      'the namespace has its service account',
      () => plane.client().get(SERVICE_ACCOUNTS, { namespace: NAMESPACE, name: 'default' }),
      { timeoutMs: 60_000 },
    );
    return new Stage(
      plane,
      await plane.serviceAccount(NAMESPACE, ACCOUNT),
      `${ACCOUNT}-${NAMESPACE}-environment`,
    );
  } catch (error) {
    await plane.stop();
    throw error;
  }
}
