import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { API_VERSION, FIELD_MANAGERS, OPERATOR_NAME } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestEnvironment, TestEnvironmentSpec } from '@backendai-e2e/api/test-environment';
import type { TestReport, TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRun, TestRunSpec } from '@backendai-e2e/api/test-run';
import type { TestSuite, TestSuiteSpec } from '@backendai-e2e/api/test-suite';
import {
  EVENTS,
  PODS,
  type Pod,
  ROLE_BINDINGS,
  ROLES,
  type Role,
  SERVICE_ACCOUNTS,
} from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { createOperator } from '@backendai-e2e/operator/operator';
import type { OperatorOptions } from '@backendai-e2e/operator/options';
import type { Access } from '../control-plane/access.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { sharedControlPlane } from '../control-plane/shared-control-plane.ts';
import { finalReport } from '../doubles/final-report.ts';
import { endedPodStatus } from '../doubles/pod-status.ts';
import { quietLog } from '../doubles/quiet-log.ts';
import { helmPath } from '../processes/pinned-tools.ts';
import { endOf } from '../processes/process-end.ts';
import { until } from '../waits/until.ts';
import { type LateAccess, lateAccess } from './late-api.ts';
import { NAMESPACE, renderOperatorChartIn } from './operator-chart.ts';
import { startOperatorProgram } from './operator-program.ts';

/** Templates with the admission policies of the chart. */
const POLICIES = ['fault-policy.yaml', 'report-policy.yaml', 'run-policy.yaml', 'operator-policy.yaml'];

/** An operator that is running. */
export interface RunningOperator {
  /** Stops the operator, and resolves when it has stopped. */
  stop(): Promise<void>;
}

/**
 * The test environment (envtest) harness: a real API server with the CRDs and the RBAC rules of charts/e2e-operator. The operator
 * runs with exactly these rights. The test plays the kubelet (pods) and the runner (reports).
 */
export class OperatorHarness {
  /** The namespace of the operator and its runs. */
  readonly namespace: string;
  readonly plane: ControlPlane;
  /** A client with the rights of the administrator. */
  readonly client: KubeClient;
  readonly #late: LateAccess;
  readonly #role: string;
  readonly #running = new Set<RunningOperator>();

  constructor(plane: ControlPlane, late: LateAccess, namespace: string) {
    this.namespace = namespace;
    this.plane = plane;
    this.client = plane.client();
    this.#late = late;
    this.#role = `${OPERATOR_NAME}-${namespace}-environment`;
  }

  /** The options of the operator. `changes` replaces single options. */
  options(changes: Partial<OperatorOptions> = {}): OperatorOptions {
    return {
      kubeConfig: this.#late.access.kubeConfig,
      kubeconfigPath: this.#late.access.kubeconfigPath,
      namespace: this.namespace,
      chartsDir: fileURLToPath(new URL('./charts', import.meta.url)),
      helm: helmPath(),
      catalog: undefined,
      identity: { namespace: this.namespace, serviceAccount: OPERATOR_NAME, environmentRole: this.#role },
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
    // stop() reports an operator that could not start.
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

  /** Starts the operator as a process, as its image does, with more arguments. The process takes the Lease. */
  startProcess(more: readonly string[] = [], flags: readonly string[] = []): ChildProcess {
    const child = startOperatorProgram(this.options(), more, flags);
    this.#running.add({
      stop: async () => {
        child.kill('SIGKILL');
        await endOf(child);
      },
    });
    return child;
  }

  /** Stops every operator. The shared control plane keeps running. Rejects with the first operator that failed. */
  async stop(): Promise<void> {
    const ends = await Promise.allSettled([...this.#running].map((operator) => operator.stop()));
    await this.#late.stop();
    await this.plane.stop();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** The namespace in which an environment is deployed. It is unique in the cluster. */
  deploymentNamespace(environment: string): string {
    return `${this.namespace}-${environment}`;
  }

  /** Waits for the default service account of a namespace, which pods need. Kubernetes creates it after the namespace. */
  async waitForServiceAccount(namespace: string): Promise<void> {
    await until(`namespace ${namespace} has its service account`, () =>
      this.client.get(SERVICE_ACCOUNTS, { namespace, name: 'default' }),
    );
  }

  /** Creates an environment. With a chart, its namespace is deploymentNamespace(name) unless the spec names another. */
  environment(name: string, spec: TestEnvironmentSpec = { external: {} }): Promise<TestEnvironment> {
    const where = spec.chart ? { namespace: this.deploymentNamespace(name) } : {};
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

  /** Creates a user whose only rights are these rules in the namespace of the runs. */
  async user(name: string, rules: NonNullable<Role['rules']>): Promise<Access> {
    const access = await this.plane.serviceAccount(this.namespace, name);
    await this.grant(name, rules, [name]);
    return access;
  }

  /** Binds rules in the namespace of the runs to service accounts of that namespace. */
  async grant(role: string, rules: NonNullable<Role['rules']>, accounts: readonly string[]): Promise<void> {
    const metadata = { namespace: this.namespace, name: role };
    await this.client.create(ROLES, { metadata, rules });
    await this.client.create(ROLE_BINDINGS, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
      subjects: accounts.map((name) => ({ kind: 'ServiceAccount', name, namespace: this.namespace })),
    });
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

  /** Waits until an object has events with all these reasons, in any order. */
  async hasEvents(name: string, reasons: readonly string[]): Promise<void> {
    await until(`events about ${name} with the reasons ${reasons.join(', ')}`, async () => {
      const fieldSelector = `involvedObject.name=${name}`;
      const { items } = await this.client.list(EVENTS, { namespace: this.namespace, fieldSelector });
      const found = items.map(({ reason }) => reason);
      if (!reasons.every((reason) => found.includes(reason))) throw new Error(found.join(', '));
      return true;
    });
  }

  /** Waits for the pod that the Job controller creates for an attempt. */
  pod(attempt: string): Promise<Pod> {
    return until(`attempt ${attempt} has a pod`, async () => {
      const labelSelector = `batch.kubernetes.io/job-name=${attempt}`;
      const { items } = await this.client.list(PODS, { namespace: this.namespace, labelSelector });
      return items[0];
    });
  }

  /** Plays the kubelet: writes the status of a pod. */
  podStatus(pod: Pod, status: Pod['status']): Promise<Pod> {
    const { name, namespace = this.namespace } = pod.metadata;
    return this.client.mergePatch(PODS, { namespace, name }, { status }, { subresource: 'status' });
  }

  /** Plays the kubelet: ends the container of an attempt (see endedPodStatus). */
  podEnded(pod: Pod, ...end: Parameters<typeof endedPodStatus>): Promise<Pod> {
    return this.podStatus(pod, endedPodStatus(...end));
  }

  /** Waits until the operator has archived an attempt, completely or not. */
  archived(attempt: string): Promise<TestReport> {
    return until(`${attempt} is archived`, async () => {
      const report = await this.getReport(attempt);
      return conditionOf(report?.status?.conditions, 'Archived') !== undefined && report;
    });
  }

  /** Plays the runner: waits for the report of an attempt and applies its status. */
  async report(attempt: string, status: TestReportStatus): Promise<void> {
    await until(`report ${attempt} exists`, () => this.getReport(attempt));
    await this.client.applyStatus(
      TEST_REPORTS,
      { apiVersion: API_VERSION, metadata: { name: attempt, namespace: this.namespace }, status },
      { fieldManager: FIELD_MANAGERS.runner, force: true },
    );
  }

  /** Plays an attempt: waits for its pod, then writes its final report. */
  async attempt(name: string, verdict: 'Passed' | 'Failed'): Promise<void> {
    await this.pod(name);
    await this.report(name, finalReport(verdict));
  }
}

/**
 * Creates a namespace on the shared control plane with what the chart installs there, except the operator's Deployment.
 * @param values chart values (a=b). By default there is no artifact server.
 */
export async function startOperatorHarness(...values: string[]): Promise<OperatorHarness> {
  const plane = await sharedControlPlane();
  const namespace = plane.uniqueName(NAMESPACE);
  const rights = await renderOperatorChartIn(namespace, values, ...POLICIES, 'rbac.yaml');
  await plane.createNamespace(namespace, { 'pod-security.kubernetes.io/enforce': 'restricted' });
  await plane.applyYaml(rights);
  return harnessIn(plane, namespace);
}

/** A harness in a namespace where the chart's objects are already. */
export async function harnessIn(plane: ControlPlane, namespace: string): Promise<OperatorHarness> {
  const access = await plane.serviceAccount(namespace, OPERATOR_NAME);
  return new OperatorHarness(plane, await lateAccess(plane, access, `${namespace}.late`), namespace);
}
