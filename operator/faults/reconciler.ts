import {
  actionOf,
  FAULT_CONDITIONS,
  FAULT_REASONS,
  type Fault,
  type FaultStatus,
} from '@backendai-e2e/api/fault';
import { FIELD_MANAGERS, FINALIZERS } from '@backendai-e2e/api/group';
import { FAULTS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { Result } from '@backendai-e2e/controller/controller';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import type { Informer } from '@backendai-e2e/controller/informer';
import { StatusWriter } from '@backendai-e2e/controller/status-writer';
import { isConflict, isForbidden, isNotFound } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import type { ObjectName } from '@backendai-e2e/kube/object';
import { namespaceOf } from '../environments/namespace.ts';
import { conditionNotices } from '../observability/notices.ts';
import { FaultRefused, refusalOf } from './accept.ts';
import {
  decide,
  type FaultStep,
  lookAgainAfter,
  progressOf,
  settle,
  timingOf,
  withoutRights,
} from './decide.ts';
import type { FaultEffects } from './effects.ts';
import type { FaultObserver } from './observe.ts';
import { acceptedStatus, isOver, progressStatus, refusedStatus } from './status.ts';
import { chooseTargets } from './targets.ts';
import type { Timing } from './timing.ts';
import { isInPod } from './tools.ts';

/** What the reconciler of Faults reads and acts with. */
export interface FaultDependencies {
  client: KubeClient;
  faults: Informer<Fault>;
  observer: FaultObserver;
  effects: FaultEffects;
  events: EventLog;
  clock: Clock;
}

/** Milliseconds until a decision is made again that another writer made void. */
const SOON_MS = 250;

/**
 * Injects the effect that a Fault asks for, proves it, heals it, and proves that. A request is accepted once, and its targets
 * are chosen and written down. Then the reconciler repeatedly observes, decides, acts and writes the status. Each decision
 * depends only on what the cluster holds, so that an operator that is killed in between repeats it.
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
        if (held) await this.#with.effects.dropFinalizer(fault, signal);
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

  /** Chooses the targets and writes them down, or refuses the fault. Resolves to the fault when it goes on. */
  async #accept(fault: Fault, signal: AbortSignal): Promise<Fault | undefined> {
    const { observer, effects, clock } = this.#with;
    try {
      const request = await observer.request(fault, signal);
      const { environment } = request;
      const refusal = refusalOf(request);
      if (refusal || !environment) {
        throw new FaultRefused(refusal ?? { reason: FAULT_REASONS.environmentNotFound, message: '' });
      }
      const { component } = fault.spec.target;
      const { pods, workloads } = await observer.component(namespaceOf(environment), component, signal);
      const targets = chooseTargets(fault.spec, pods, await observer.leader(fault, environment, signal));
      const action = actionOf(fault.spec);
      if (isInPod(action)) effects.requireImage();
      const held = await effects.holdFinalizer(fault, signal);
      const scaled = workloads.map(({ workload, replicas }) => ({ workload, replicas }));
      const status = acceptedStatus(held, { action, targets, workloads: scaled }, clock.now());
      return await this.#write(held, status, signal);
    } catch (error) {
      if (!(error instanceof FaultRefused)) throw error;
      await this.#write(fault, refusedStatus(fault, error.refusal, clock.now()), signal);
      return undefined;
    }
  }

  /** Observes, decides, acts and writes down what came of it. */
  async #advance(fault: Fault, signal: AbortSignal): Promise<Result | undefined> {
    const { observer, effects, clock } = this.#with;
    const timing = timingOf(fault, await observer.attemptHasEnded(fault, signal), clock.now());
    const environment = await observer.environment(fault, signal);
    let steps: FaultStep[];
    try {
      steps = await this.#steps(fault, environment, timing, signal);
    } catch (error) {
      // The rights in a namespace go before the pods in it.
      if (!environment || !(isForbidden(error) || isNotFound(error))) throw error;
      if (await observer.isGone(environment, signal)) {
        steps = await this.#steps(fault, undefined, timing, signal);
      } else {
        const given = withoutRights(fault, error.message, timing);
        if (!progressOf(fault, [given], timing).hopeless) throw error;
        steps = [given];
      }
    }
    const after = await this.#write(fault, progressStatus(fault, progressOf(fault, steps, timing)), signal);
    if (!after) return undefined;
    const action = actionOf(fault.spec);
    // A deletion or a kill leaves nothing to undo: the object need not wait for the recovery.
    const lasting = action !== 'podDelete' && action !== 'kill';
    if (isOver(after) || (after.metadata.deletionTimestamp && !lasting)) {
      await effects.dropFinalizer(after, signal);
      return undefined;
    }
    return { requeueAfterMs: lookAgainAfter(steps) ?? SOON_MS };
  }

  async #steps(
    fault: Fault,
    environment: TestEnvironment | undefined,
    timing: Timing,
    signal: AbortSignal,
  ): Promise<FaultStep[]> {
    const { observer, effects } = this.#with;
    const seen = environment && (await observer.observe(fault, environment, signal));
    const namespace = environment ? namespaceOf(environment) : '';
    return Promise.all(
      decide(fault, seen, timing).map(async (step) => {
        const acts = step.acts.map((act) => effects.perform(fault, namespace, act, signal));
        return settle(step, await Promise.all(acts), timing);
      }),
    );
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
