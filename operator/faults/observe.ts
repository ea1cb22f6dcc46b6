import type { Connection } from '@backendai-e2e/api/connection';
import {
  actionOf,
  FAULT_REASONS,
  type Fault,
  type FaultReceipt,
  LEADER_LOCKS,
} from '@backendai-e2e/api/fault';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { CONNECTION_KEY, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { Informer } from '@backendai-e2e/controller/informer';
import { isForbidden } from '@backendai-e2e/kube/api-error';
import {
  DEPLOYMENTS,
  type Deployment,
  NAMESPACES,
  type Namespace,
  PODS,
  type Pod,
  SECRETS,
  SERVICES,
  STATEFUL_SETS,
  type StatefulSet,
} from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { objectName } from '@backendai-e2e/kube/object';
import { isOwn, namespaceOf } from '../environments/namespace.ts';
import type { WorkloadWatch } from '../environments/workload-watch.ts';
import { type Asked, attemptOf, FaultRefused } from './accept.ts';
import { holderOf } from './leader.ts';
import { type Peers, peersOf } from './peers.ts';
import { receiptLines } from './receipt-lines.ts';
import { componentSelector } from './targets.ts';
import { type ToolSeen, toolsIn } from './tool-state.ts';
import { isInPod } from './tools.ts';

/** A workload of the target's component. */
export interface WorkloadSeen {
  /** "Deployment/manager". */
  workload: string;
  /** spec.replicas. */
  replicas: number;
  readyReplicas: number;
}

/** The target's component, as the API server holds it now. */
export interface ComponentSeen {
  pods: readonly Pod[];
  workloads: readonly WorkloadSeen[];
}

/** A target as it is now. */
export interface TargetSeen {
  /** Undefined: no pod with that uid exists any more. */
  pod: Pod | undefined;
  tools: readonly ToolSeen[];
  /** The other side of a partition now. */
  peers?: Peers | undefined;
}

/** What the action of a fault depends on: its component, or the target of each receipt (undefined: it has healed). */
export type Observed =
  | { component: ComponentSeen; targets?: undefined }
  | { component?: undefined; targets: readonly (TargetSeen | undefined)[] };

/** What the state of a fault's targets is read from. */
export interface FaultObserverOptions {
  client: KubeClient;
  environments: Informer<TestEnvironment>;
  reports: Informer<TestReport>;
  watch: WorkloadWatch;
  /** Asks Valkey for the value of a lock; a test replaces it. */
  holderOf?: typeof holderOf | undefined;
}

/** Milliseconds for the log of a tool: a lost node does not answer. */
const LOG_MS = 5_000;
/** Bytes of a tool's log: it writes about ten short lines. */
const LOG_BYTES = 64 * 1024;

/** Reads all that decisions about faults depend on. Changes nothing. */
export class FaultObserver {
  readonly #with: FaultObserverOptions;

  constructor(options: FaultObserverOptions) {
    this.#with = options;
  }

  /** The attempt that requests the fault, and its target. From the API server, not the caches: a refusal is final. */
  async request(fault: Fault, signal: AbortSignal): Promise<Asked> {
    const { client } = this.#with;
    const namespace = fault.metadata.namespace ?? '';
    const at = (name: string) => ({ namespace, name });
    const attempt = attemptOf(fault);
    const [environment, report] = await Promise.all([
      client.get(TEST_ENVIRONMENTS, at(fault.spec.environmentRef.name), { signal }),
      attempt === undefined ? undefined : client.get(TEST_REPORTS, at(attempt), { signal }),
    ]);
    const deployedIn = environment?.spec.chart && (await this.#namespace(environment, signal));
    const [run, suite] = report
      ? await Promise.all([
          client.get(TEST_RUNS, at(report.spec.run), { signal }),
          client.get(TEST_SUITES, at(report.spec.suite), { signal }),
        ])
      : [];
    return { fault, environment, deployedIn, report, run, suite };
  }

  /** The environment's namespace; undefined as well if this operator is limited to others. */
  async #namespace(environment: TestEnvironment, signal: AbortSignal): Promise<Namespace | undefined> {
    try {
      return await this.#with.client.get(NAMESPACES, { name: namespaceOf(environment) }, { signal });
    } catch (error) {
      if (!isForbidden(error)) throw error;
      return undefined;
    }
  }

  /** Whether everything in the environment's namespace is gone or going, and with it what was broken there. */
  async isGone(environment: TestEnvironment, signal: AbortSignal): Promise<boolean> {
    const namespace = await this.#namespace(environment, signal);
    return !namespace || namespace.metadata.deletionTimestamp !== undefined || !isOwn(namespace, environment);
  }

  /** Pods and workloads of a component, from the API server: a cache might not know a pod that was chosen. */
  async component(namespace: string, component: string, signal: AbortSignal): Promise<ComponentSeen> {
    const { client } = this.#with;
    const labelSelector = componentSelector(component);
    if (labelSelector === undefined) return { pods: [], workloads: [] };
    const query = { namespace, labelSelector };
    const [pods, deployments, statefulSets] = await Promise.all([
      client.list(PODS, query, { signal }),
      client.list(DEPLOYMENTS, query, { signal }),
      client.list(STATEFUL_SETS, query, { signal }),
    ]);
    const workloads = [
      ...deployments.items.map((object) => workload('Deployment', object)),
      ...statefulSets.items.map((object) => workload('StatefulSet', object)),
    ];
    return { pods: pods.items, workloads };
  }

  /**
   * The value of the lock that the fault's target names, from the environment's Valkey. Undefined when it names none or
   * nothing holds the lock. Throws FaultRefused when Valkey cannot be asked.
   */
  async leader(fault: Fault, environment: TestEnvironment, signal: AbortSignal): Promise<string | undefined> {
    const { leader } = fault.spec.target;
    if (leader === undefined) return undefined;
    const name = environment.status?.connectionSecret ?? '';
    const namespace = environment.metadata.namespace ?? '';
    const secret =
      name === '' ? undefined : await this.#with.client.get(SECRETS, { namespace, name }, { signal });
    const content = secret?.data?.[CONNECTION_KEY];
    const refused = (message: string) => new FaultRefused({ reason: FAULT_REASONS.leaderUnknown, message });
    if (!content) throw refused(`TestEnvironment ${environment.metadata.name} has no connection Secret`);
    let connection: Pick<Connection, 'valkey'>;
    try {
      connection = JSON.parse(Buffer.from(content, 'base64').toString());
    } catch {
      // Not the parser's message: it quotes what it read, which is secret.
      throw refused(`Secret ${name} holds no JSON under ${CONNECTION_KEY}`);
    }
    try {
      return await (this.#with.holderOf ?? holderOf)(connection.valkey, LEADER_LOCKS[leader].key);
    } catch (error) {
      throw refused(error instanceof Error ? error.message : String(error));
    }
  }

  /** Whether the attempt that asked for the fault has ended or is gone; false for a fault of a person. */
  async attemptHasEnded(fault: Fault, signal: AbortSignal): Promise<boolean> {
    const attempt = attemptOf(fault);
    if (attempt === undefined) return false;
    const { client, reports } = this.#with;
    const at = { namespace: fault.metadata.namespace ?? '', name: attempt };
    const cached = reports.get(at);
    if (cached && cached.status?.final !== true) return false;
    // A late cache may still have the final report of an earlier attempt of that name.
    const report = await client.get(TEST_REPORTS, at, { signal });
    return report === undefined || report.status?.final === true;
  }

  /** The fault's environment, unless it is gone or is being deleted. */
  async environment(fault: Fault, signal: AbortSignal): Promise<TestEnvironment | undefined> {
    const { client, environments } = this.#with;
    const at = { namespace: fault.metadata.namespace ?? '', name: fault.spec.environmentRef.name };
    const known = environments.get(at) ?? (await client.get(TEST_ENVIRONMENTS, at, { signal }));
    return known?.metadata.deletionTimestamp ? undefined : known;
  }

  /** All that the next decision about an accepted fault depends on. */
  async observe(fault: Fault, environment: TestEnvironment, signal: AbortSignal): Promise<Observed> {
    const namespace = namespaceOf(environment);
    if (isInPod(actionOf(fault.spec))) {
      const receipts = fault.status?.targets ?? [];
      const targets = await Promise.all(
        receipts.map(async (receipt) =>
          receipt.seenHealedAt ? undefined : this.#target(fault, environment, receipt, signal),
        ),
      );
      return { targets };
    }
    // Changes of what is listed below lead to a reconcile of the fault.
    await this.#with.watch.follow(namespace, objectName(environment), signal);
    return { component: await this.component(namespace, fault.spec.target.component, signal) };
  }

  /** The pod of a receipt, the fault's tools in it and their output. */
  async #target(
    fault: Fault,
    environment: TestEnvironment,
    receipt: FaultReceipt,
    signal: AbortSignal,
  ): Promise<TargetSeen> {
    const namespace = namespaceOf(environment);
    const pod = await this.#with.client.get(PODS, { namespace, name: receipt.pod }, { signal });
    if (pod?.metadata.uid !== receipt.uid) return { pod: undefined, tools: [] };
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    // Its processes have ended and its network namespace is taken down.
    if (ended) return { pod: undefined, tools: [] };
    const tools = await Promise.all(
      toolsIn(fault, pod).map(async (tool): Promise<ToolSeen> => {
        if (tool.state === 'waiting' || tool.state === 'unstarted') return { ...tool, lines: [] };
        return { ...tool, ...(await this.#lines(namespace, pod, tool.name, signal)) };
      }),
    );
    const { networkPartition } = fault.spec;
    if (!networkPartition) return { pod, tools };
    const [{ pods }, services] = await Promise.all([
      this.#with.watch.follow(namespace, objectName(environment), signal),
      this.#with.client.list(SERVICES, { namespace }, { signal }),
    ]);
    return { pod, tools, peers: peersOf(networkPartition, receipt, pods, services.items) };
  }

  async #lines(
    namespace: string,
    pod: Pod,
    container: string,
    signal: AbortSignal,
  ): Promise<Pick<ToolSeen, 'lines' | 'trouble'>> {
    const at = { namespace, name: pod.metadata.name };
    try {
      const query = { container, limitBytes: LOG_BYTES };
      const text = await this.#with.client.podLogs(at, query, { signal, deadlineMs: LOG_MS });
      return { lines: receiptLines(text) };
    } catch (error) {
      signal.throwIfAborted();
      return { lines: undefined, trouble: error instanceof Error ? error.message : String(error) };
    }
  }
}

function workload(kind: string, object: Deployment | StatefulSet): WorkloadSeen {
  return {
    workload: `${kind}/${object.metadata.name}`,
    replicas: object.spec?.replicas ?? 1,
    readyReplicas: object.status?.readyReplicas ?? 0,
  };
}
