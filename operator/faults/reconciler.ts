import { conditionOf } from '@backendai-e2e/api/conditions';
import {
  actionOf,
  FAULT_CONDITIONS,
  FAULT_REASONS,
  type Fault,
  type FaultReceipt,
  type FaultStatus,
  LEADER_LOCKS,
} from '@backendai-e2e/api/fault';
import { FIELD_MANAGERS, FINALIZERS } from '@backendai-e2e/api/group';
import {
  FAULTS,
  TEST_ENVIRONMENTS,
  TEST_REPORTS,
  TEST_RUNS,
  TEST_SUITES,
} from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { Result } from '@backendai-e2e/controller/controller';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import { setFinalizer } from '@backendai-e2e/controller/finalizer';
import type { Informer } from '@backendai-e2e/controller/informer';
import { StatusWriter } from '@backendai-e2e/controller/status-writer';
import { isConflict, isNotFound } from '@backendai-e2e/kube/api-error';
import { SERVICES } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { type ObjectName, objectName } from '@backendai-e2e/kube/object';
import { namespaceOf } from '../environments/namespace.ts';
import type { WorkloadWatch } from '../environments/workload-watch.ts';
import { conditionNotices } from '../observability/notices.ts';
import { attemptOf, FaultRefused, type Refusal, refusalOf } from './accept.ts';
import { stepDelete } from './delete-step.ts';
import type { FaultEffects } from './effects.ts';
import { peersOf } from './peers.ts';
import { isInPod, stepInPod, type TargetSeen } from './pod-step.ts';
import { stepScale } from './scale-step.ts';
import { acceptedStatus, isOver, progressStatus, refusedStatus } from './status.ts';
import { chooseTargets } from './targets.ts';
import { isHopeless, type Moment, nothingDone } from './timing.ts';

export interface FaultDependencies {
  client: KubeClient;
  faults: Informer<Fault>;
  environments: Informer<TestEnvironment>;
  reports: Informer<TestReport>;
  watch: WorkloadWatch;
  effects: FaultEffects;
  events: EventLog;
  clock: Clock;
}

/** Milliseconds until a decision that another writer voided is made again. */
const SOON_MS = 250;
const FINALIZER = { resource: FAULTS, finalizer: FINALIZERS.fault, fieldManager: FIELD_MANAGERS.operator };
/** Default of FaultSpec.durationSeconds, as in its schema. */
const DURATION_SECONDS = 60;

/** What one look at a fault came to. */
interface Looked {
  receipts: FaultReceipt[];
  refusal?: Refusal | undefined;
  lookAgainMs?: number | undefined;
}

/**
 * Breaks what a Fault asks for, sees that it is broken, mends it, and sees that. The order is always: the finalizer, the
 * choice written down, the deed, its proof. Every step is decided on what the cluster holds, so that it can be done again.
 */
export class FaultReconciler {
  readonly #with: FaultDependencies;
  readonly #status: StatusWriter<Fault>;

  constructor(dependencies: FaultDependencies) {
    this.#with = dependencies;
    this.#status = new StatusWriter({
      client: dependencies.client,
      resource: FAULTS,
      fieldManager: FIELD_MANAGERS.operator,
    });
  }

  readonly reconcile = async (name: ObjectName, signal: AbortSignal): Promise<Result | undefined> => {
    const cached = this.#with.faults.get(name);
    if (!cached) return undefined;
    const fault = this.#status.latest(cached);
    const held = fault.metadata.finalizers?.includes(FINALIZERS.fault) === true;
    try {
      if (isOver(fault) || (fault.metadata.deletionTimestamp && !fault.status?.acceptedAt)) {
        if (held) await this.#dropFinalizer(fault, signal);
        return undefined;
      }
      if (fault.metadata.deletionTimestamp && !held) return undefined;
      if (fault.status?.acceptedAt) return await this.#advance(fault, signal);
      const accepted = await this.#accept(fault, signal);
      return accepted ? await this.#advance(accepted, signal) : undefined;
    } catch (error) {
      if (isConflict(error)) return { requeueAfterMs: SOON_MS };
      throw error;
    }
  };

  /** Chooses the targets and writes them down, or refuses for good. Resolves to the fault when it goes on. */
  async #accept(fault: Fault, signal: AbortSignal): Promise<Fault | undefined> {
    const { clock } = this.#with;
    try {
      const environment = await this.#mayDisrupt(fault, signal);
      const namespace = namespaceOf(environment);
      const { pods, workloads } = await this.#with.effects.component(
        namespace,
        fault.spec.target.component,
        signal,
      );
      const targets = chooseTargets(fault.spec, pods, await this.#leader(fault, environment, signal));
      const action = actionOf(fault.spec);
      if (isInPod(action)) this.#with.effects.requireImage();
      const held = await setFinalizer(this.#with.client, FINALIZER, fault, 'hold', signal);
      const scaled = workloads.map(({ workload, replicas }) => ({ workload, replicas }));
      const status = acceptedStatus(held, { action, targets, workloads: scaled }, clock.now());
      return await this.#write(held, status, signal);
    } catch (error) {
      if (!(error instanceof FaultRefused)) throw error;
      await this.#write(fault, refusedStatus(fault, error.refusal, clock.now()), signal);
      return undefined;
    }
  }

  /** The environment that may be broken. Asks the API server, not the caches: a refusal is for good. */
  async #mayDisrupt(fault: Fault, signal: AbortSignal): Promise<TestEnvironment> {
    const { client } = this.#with;
    const namespace = fault.metadata.namespace ?? '';
    const at = (name: string) => ({ namespace, name });
    const attempt = attemptOf(fault);
    const [environment, report] = await Promise.all([
      client.get(TEST_ENVIRONMENTS, at(fault.spec.environmentRef.name), { signal }),
      attempt === undefined ? undefined : client.get(TEST_REPORTS, at(attempt), { signal }),
    ]);
    const [run, suite] = report
      ? await Promise.all([
          client.get(TEST_RUNS, at(report.spec.run), { signal }),
          client.get(TEST_SUITES, at(report.spec.suite), { signal }),
        ])
      : [];
    const refusal = refusalOf({ fault, environment, report, run, suite });
    if (refusal || !environment) {
      throw new FaultRefused(refusal ?? { reason: FAULT_REASONS.environmentNotFound, message: '' });
    }
    return environment;
  }

  async #leader(fault: Fault, environment: TestEnvironment, signal: AbortSignal) {
    const { leader } = fault.spec.target;
    if (leader === undefined) return undefined;
    return this.#with.effects.holderOf(environment, LEADER_LOCKS[leader].key, signal);
  }

  async #advance(fault: Fault, signal: AbortSignal): Promise<Result | undefined> {
    const { clock } = this.#with;
    const action = actionOf(fault.spec);
    const wantsHealing = await this.#wantsHealing(fault, signal);
    const moment: Moment = {
      now: clock.now(),
      acceptedAt: new Date(fault.status?.acceptedAt ?? 0),
      wantsHealing,
      seconds: fault.spec.durationSeconds ?? DURATION_SECONDS,
    };
    const environment = await this.#environment(fault, signal);
    const looked = environment
      ? await this.#look(fault, environment, moment, signal)
      : withoutEnvironment(fault, moment);
    const { receipts } = looked;
    const open = receipts.filter((receipt) => !receipt.seenHealedAt);
    const hopeless = open.length > 0 && open.every((receipt) => isHopeless(receipt, moment));
    const before = conditionOf(fault.status?.conditions, FAULT_CONDITIONS.accepted);
    const refusal = looked.refusal ?? (before?.status === 'False' ? before : undefined);
    const status = progressStatus(fault, {
      action,
      receipts,
      refusal: refusal && { reason: refusal.reason, message: refusal.message },
      hopeless,
      now: moment.now,
    });
    const after = await this.#write(fault, status, signal);
    if (!after) return undefined;
    // A deletion or a kill leaves nothing to undo: who wants the object gone need not wait for the recovery.
    const lasting = action !== 'podDelete' && action !== 'kill';
    if (isOver(after) || (after.metadata.deletionTimestamp && !lasting)) {
      await this.#dropFinalizer(after, signal);
      return undefined;
    }
    return { requeueAfterMs: looked.lookAgainMs ?? SOON_MS };
  }

  async #look(
    fault: Fault,
    environment: TestEnvironment,
    moment: Moment,
    signal: AbortSignal,
  ): Promise<Looked> {
    const { effects } = this.#with;
    const namespace = namespaceOf(environment);
    const { component } = fault.spec.target;
    const before = fault.status?.targets ?? [];
    const action = actionOf(fault.spec);
    if (isInPod(action)) {
      const looked = await Promise.all(
        before.map(async (receipt) => this.#lookInPod(fault, environment, receipt, moment, signal)),
      );
      const delays = looked.map(({ lookAgainMs }) => lookAgainMs).filter((ms) => ms !== undefined);
      return {
        receipts: looked.flatMap(({ receipts }) => receipts),
        refusal: looked.find(({ refusal }) => refusal)?.refusal,
        lookAgainMs: delays.length > 0 ? Math.min(...delays) : undefined,
      };
    }
    // Changes of what is looked at below lead to a look at the fault.
    await this.#with.watch.follow(namespace, objectName(environment), signal);
    const seen = await effects.component(namespace, component, signal);
    if (action === 'podDelete') {
      const step = stepDelete(component, before, seen, moment);
      const force = fault.spec.podDelete?.force === true;
      await Promise.all(step.remove.map((pod) => effects.deletePod(namespace, pod, force, signal)));
      return step;
    }
    const uids = new Set(seen.pods.flatMap(({ metadata }) => metadata.uid ?? []));
    const workloads = fault.status?.workloads ?? [];
    const step = stepScale(before, workloads, { pods: uids, workloads: seen.workloads }, moment);
    await Promise.all(step.scale.map((wanted) => effects.scale(namespace, wanted, signal)));
    return step;
  }

  async #lookInPod(
    fault: Fault,
    environment: TestEnvironment,
    before: FaultReceipt,
    moment: Moment,
    signal: AbortSignal,
  ): Promise<Looked> {
    const action = actionOf(fault.spec);
    if (before.seenHealedAt || !isInPod(action)) return { receipts: [before] };
    const { effects } = this.#with;
    const namespace = namespaceOf(environment);
    const seen: TargetSeen = await effects.target(fault, namespace, before, signal);
    if (seen.pod && fault.spec.networkPartition) {
      seen.peers = await this.#peers(fault.spec.networkPartition, environment, before, signal);
    }
    const step = stepInPod(action, before, seen, moment);
    const { receipt, lookAgainMs } = step;
    if (!step.call || !seen.pod) return { receipts: [receipt], refusal: step.refusal, lookAgainMs };
    try {
      await effects.runTool(fault, seen.pod, receipt, step.call, signal);
      return { receipts: [receipt], lookAgainMs };
    } catch (error) {
      // Gone in between: the next look sees that.
      if (isNotFound(error)) return { receipts: [before], lookAgainMs };
      if (!(error instanceof FaultRefused)) throw error;
      const refused = nothingDone(before, moment.now, error.message);
      return before.injectedAt
        ? { receipts: [{ ...before, trouble: error.message.slice(0, 1000) }], lookAgainMs }
        : { receipts: [refused], refusal: error.refusal };
    }
  }

  async #peers(
    partition: NonNullable<Fault['spec']['networkPartition']>,
    environment: TestEnvironment,
    target: FaultReceipt,
    signal: AbortSignal,
  ) {
    const namespace = namespaceOf(environment);
    const [{ pods }, services] = await Promise.all([
      this.#with.watch.follow(namespace, objectName(environment), signal),
      this.#with.client.list(SERVICES, { namespace }, { signal }),
    ]);
    return peersOf(partition, target, pods, services.items);
  }

  /** Whether it is to heal before its time is over. */
  async #wantsHealing(fault: Fault, signal: AbortSignal): Promise<boolean> {
    if (fault.spec.heal === true || fault.metadata.deletionTimestamp) return true;
    const accepted = conditionOf(fault.status?.conditions, FAULT_CONDITIONS.accepted);
    if (accepted?.status === 'False') return true;
    const attempt = attemptOf(fault);
    if (attempt === undefined) return false;
    const at = { namespace: fault.metadata.namespace ?? '', name: attempt };
    const report = this.#with.reports.get(at) ?? (await this.#with.client.get(TEST_REPORTS, at, { signal }));
    return report === undefined || report.status?.final === true;
  }

  /** The environment, unless it is gone or going. */
  async #environment(fault: Fault, signal: AbortSignal): Promise<TestEnvironment | undefined> {
    const at = { namespace: fault.metadata.namespace ?? '', name: fault.spec.environmentRef.name };
    const known =
      this.#with.environments.get(at) ?? (await this.#with.client.get(TEST_ENVIRONMENTS, at, { signal }));
    return known?.metadata.deletionTimestamp ? undefined : known;
  }

  async #dropFinalizer(fault: Fault, signal: AbortSignal): Promise<void> {
    try {
      await setFinalizer(this.#with.client, FINALIZER, fault, 'drop', signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #write(fault: Fault, status: FaultStatus, signal: AbortSignal): Promise<Fault | undefined> {
    const before = fault.status?.conditions;
    const after = await this.#status.write(fault, status, signal);
    if (!after) return undefined;
    const object = { ...after, apiVersion: fault.apiVersion, kind: fault.kind };
    const bad = [FAULT_CONDITIONS.accepted, FAULT_CONDITIONS.inForce, FAULT_CONDITIONS.seenHealed];
    for (const notice of conditionNotices(before, status.conditions, bad)) {
      if (notice.message.includes(' is Unknown')) continue;
      this.#with.events.record(object, notice);
    }
    return object;
  }
}

/** The environment goes, and everything that was broken in it goes along. */
function withoutEnvironment(fault: Fault, { now }: Moment): Looked {
  const at = now.toISOString();
  const healedEvidence = `TestEnvironment ${fault.spec.environmentRef.name} is gone or going, with all that was in it`;
  const receipts = (fault.status?.targets ?? []).map((receipt) => ({
    healedAt: at,
    seenHealedAt: at,
    healedEvidence,
    ...receipt,
  }));
  return { receipts };
}
