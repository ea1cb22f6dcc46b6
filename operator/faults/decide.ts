import { conditionOf } from '@backendai-e2e/api/conditions';
import { FAULT_DEFAULTS } from '@backendai-e2e/api/defaults';
import { actionOf, FAULT_CONDITIONS, type Fault, type FaultReceipt } from '@backendai-e2e/api/fault';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { Refusal } from './accept.ts';
import { stepDelete } from './delete-step.ts';
import type { ActOutcome, FaultAct } from './effects.ts';
import type { Observed, TargetSeen } from './observe.ts';
import { stepInPod } from './pod-step.ts';
import { stepScale } from './scale-step.ts';
import type { FaultProgress } from './status.ts';
import { isLive } from './targets.ts';
import { isHopeless, nothingDone, type Timing } from './timing.ts';
import { isInPod } from './tools.ts';

/** The next step for one target, or for all targets of a component together. */
export interface FaultStep {
  /** The receipts that it is about, as they were. */
  before: readonly FaultReceipt[];
  /** The same receipts once the acts are done. */
  receipts: readonly FaultReceipt[];
  acts: readonly FaultAct[];
  refusal?: Refusal | undefined;
  lookAgainMs?: number | undefined;
}

/** The times that decisions about an accepted fault depend on. `attemptEnded`: the attempt that asked for it. */
export function timingOf(fault: Fault, attemptEnded: boolean, now: Date): Timing {
  const accepted = conditionOf(fault.status?.conditions, FAULT_CONDITIONS.accepted);
  const wanted = fault.spec.heal === true || fault.metadata.deletionTimestamp !== undefined;
  return {
    now,
    acceptedAt: new Date(fault.status?.acceptedAt ?? 0),
    wantsHealing: wanted || accepted?.status === 'False' || attemptEnded,
    seconds: fault.spec.durationSeconds ?? FAULT_DEFAULTS.durationSeconds,
  };
}

/** Decides the next steps of an accepted fault. `seen` is undefined when its environment is gone. Pure. */
export function decide(fault: Fault, seen: Observed | undefined, timing: Timing): FaultStep[] {
  const before = fault.status?.targets ?? [];
  if (!seen) return [withoutEnvironment(fault, timing)];
  if (seen.targets)
    return before.map((receipt, index) => onTarget(fault, receipt, seen.targets[index], timing));
  const { component } = fault.spec.target;
  if (actionOf(fault.spec) === 'podDelete') {
    const { remove, ...step } = stepDelete(component, before, seen.component, timing);
    const force = fault.spec.podDelete?.force === true;
    return [{ ...step, before, acts: remove.map((pod) => ({ do: 'deletePod', ...pod, force })) }];
  }
  const pods = new Set(seen.component.pods.flatMap(({ metadata }) => metadata.uid ?? []));
  const { workloads } = seen.component;
  const others = seen.component.pods
    .filter((pod) => isLive(pod, component) && !before.some(({ uid }) => uid === pod.metadata.uid))
    .map(({ metadata }) => metadata.name);
  const looked = { pods, others, workloads };
  const { scale, ...step } = stepScale(before, fault.status?.workloads ?? [], looked, timing);
  return [{ ...step, before, acts: scale.map((scaled) => ({ do: 'scale', scaled })) }];
}

function onTarget(
  fault: Fault,
  before: FaultReceipt,
  seen: TargetSeen | undefined,
  timing: Timing,
): FaultStep {
  const action = actionOf(fault.spec);
  if (!seen || !isInPod(action)) return { before: [before], receipts: [before], acts: [] };
  const { receipt, call, refusal, lookAgainMs } = stepInPod(action, before, seen, timing);
  const { pod } = seen;
  const acts: FaultAct[] = call && pod ? [{ do: 'runTool', pod, receipt, call }] : [];
  return { before: [before], receipts: [receipt], acts, refusal, lookAgainMs };
}

/** The environment is going, and everything that was broken in it goes with it. */
function withoutEnvironment(fault: Fault, { now }: Timing): FaultStep {
  const before = fault.status?.targets ?? [];
  const at = now.toISOString();
  const healedEvidence = `TestEnvironment ${fault.spec.environmentRef.name} or its namespace is gone or being deleted, with everything in it`;
  const receipts = before.map((receipt) => ({ healedAt: at, seenHealedAt: at, healedEvidence, ...receipt }));
  return { before, receipts, acts: [] };
}

/** The step when the API server refuses to show or to change the targets: nothing is learned about them. */
export function withoutRights(fault: Fault, why: string, timing: Timing): FaultStep {
  const before = fault.status?.targets ?? [];
  const trouble = why.slice(0, LENGTHS.message);
  const receipts = before.map((receipt) =>
    receipt.seenHealedAt || !isHopeless(receipt, timing) ? receipt : { ...receipt, trouble },
  );
  return { before, receipts, acts: [] };
}

/** The step once its acts were performed: what did not happen is not in its receipts. Pure. */
export function settle(step: FaultStep, outcomes: readonly ActOutcome[], { now }: Timing): FaultStep {
  const failed = outcomes.find((outcome) => !outcome.done);
  if (!failed) return step;
  const { before, lookAgainMs } = step;
  // Gone in between: the next look sees that.
  if (!('refusal' in failed)) return { before, receipts: before, acts: [], lookAgainMs };
  const { refusal } = failed;
  const trouble = refusal.message.slice(0, LENGTHS.message);
  if (before.some(({ injectedAt }) => injectedAt)) {
    return { before, receipts: before.map((receipt) => ({ ...receipt, trouble })), acts: [], lookAgainMs };
  }
  const receipts = before.map((receipt) => nothingDone(receipt, now, refusal.message));
  return { before, receipts, acts: [], refusal };
}

/** What the status is made from, once all steps are settled. Pure. */
export function progressOf(fault: Fault, steps: readonly FaultStep[], timing: Timing): FaultProgress {
  const receipts = steps.flatMap((step) => step.receipts);
  const open = receipts.filter((receipt) => !receipt.seenHealedAt);
  const before = conditionOf(fault.status?.conditions, FAULT_CONDITIONS.accepted);
  const refusal =
    steps.find((step) => step.refusal)?.refusal ?? (before?.status === 'False' ? before : undefined);
  return {
    action: actionOf(fault.spec),
    receipts,
    refusal: refusal && { reason: refusal.reason, message: refusal.message },
    hopeless: open.length > 0 && open.every((receipt) => isHopeless(receipt, timing)),
    now: timing.now,
  };
}

/** Milliseconds until the first of the steps has to be looked at again; undefined: none says so. */
export function lookAgainAfter(steps: readonly FaultStep[]): number | undefined {
  const delays = steps.map(({ lookAgainMs }) => lookAgainMs).filter((ms) => ms !== undefined);
  return delays.length > 0 ? Math.min(...delays) : undefined;
}
