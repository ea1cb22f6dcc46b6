import type { FaultReceipt, ScaledWorkload } from '@backendai-e2e/api/fault';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { WorkloadSeen } from './observe.ts';
import { hasTime, LOOK_MS, nothingDone, type Timing } from './timing.ts';

/** What the cluster holds about a component that is scaled to zero. */
export interface ScaleSeen {
  /** UIDs of the pods of the component that the API server holds now. */
  pods: ReadonlySet<string>;
  /** Names of its live pods that are no targets: they came after the targets were chosen. */
  others: readonly string[];
  workloads: readonly WorkloadSeen[];
}

/** The next step of a fault that scales workloads. `lookAgainMs` is absent when only a change of the cluster matters. */
export interface ScaleStep {
  receipts: FaultReceipt[];
  /** Workloads to scale now. */
  scale: ScaledWorkload[];
  lookAgainMs?: number;
}

/** Decides the next step of a scale to zero; `scaled` has the replicas before it. Pure. */
export function stepScale(
  before: readonly FaultReceipt[],
  scaled: readonly ScaledWorkload[],
  seen: ScaleSeen,
  timing: Timing,
): ScaleStep {
  const at = timing.now.toISOString();
  if (before.every((receipt) => receipt.seenHealedAt)) return { receipts: [...before], scale: [] };
  const now = (workload: string) => seen.workloads.find((one) => one.workload === workload);
  const first = before[0]?.injectedAt;
  if (!first) {
    // A workload is at zero without a record: an operator that stopped in between scaled it.
    const begun = scaled.some(({ workload }) => now(workload)?.replicas === 0);
    if (!begun && !hasTime(timing)) {
      const why = 'it was not injected in time';
      return { receipts: before.map((receipt) => nothingDone(receipt, timing.now, why)), scale: [] };
    }
    const scale = scaled.map(({ workload }) => ({ workload, replicas: 0 }));
    return {
      receipts: before.map((receipt) => ({ ...receipt, injectedAt: at })),
      scale,
      lookAgainMs: LOOK_MS,
    };
  }
  const receipts = before.map((receipt): FaultReceipt => {
    if (receipt.seenInForceAt || seen.pods.has(receipt.uid)) return receipt;
    // A component with another live pod still serves: the fault is not in force.
    if (seen.others.length > 0) {
      const trouble = `the component still has ${seen.others.join(', ')}`.slice(0, LENGTHS.message);
      return { ...receipt, trouble };
    }
    const { trouble: _over, ...alone } = receipt;
    const inForceEvidence = `the API server no longer has pod ${receipt.pod} with uid ${receipt.uid}`;
    return { ...alone, seenInForceAt: at, inForceEvidence };
  });
  const end = Date.parse(first) + timing.seconds * 1000;
  if (!timing.wantsHealing && timing.now.getTime() < end) {
    const allGone = receipts.every((receipt) => receipt.seenInForceAt);
    return { receipts, scale: [], lookAgainMs: allGone ? end - timing.now.getTime() : LOOK_MS };
  }
  const scale = scaled.filter(({ workload, replicas }) => replicas > 0 && now(workload)?.replicas === 0);
  const ready = scaled.every(({ workload }) => {
    const current = now(workload);
    return current === undefined || (current.replicas > 0 && current.readyReplicas >= current.replicas);
  });
  const healedEvidence = scaled
    .map(({ workload }) => `${workload}: ${now(workload)?.readyReplicas ?? 'gone, with'} ready`)
    .join(', ');
  return {
    receipts: receipts.map((receipt) => ({
      ...receipt,
      healedAt: receipt.healedAt ?? at,
      ...(ready && scale.length === 0 ? { seenHealedAt: at, healedEvidence } : {}),
    })),
    scale,
    lookAgainMs: LOOK_MS,
  };
}
