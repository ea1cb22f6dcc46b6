import type { FaultReceipt } from '@backendai-e2e/api/fault';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import type { ComponentSeen } from './observe.ts';
import { isLive } from './targets.ts';
import { hasTime, LOOK_MS, nothingDone, type Timing } from './timing.ts';

/** The next step of a fault that deletes pods. `lookAgainMs` is absent when only a change of the cluster matters. */
export interface DeleteStep {
  receipts: FaultReceipt[];
  /** Pods to delete now, by name and uid. */
  remove: { name: string; uid: string }[];
  lookAgainMs?: number;
}

/** Decides the next step of a deletion of pods. Pure. */
export function stepDelete(
  component: string,
  before: readonly FaultReceipt[],
  seen: ComponentSeen,
  timing: Timing,
): DeleteStep {
  const remove: DeleteStep['remove'] = [];
  const receipts = before.map((receipt): FaultReceipt => {
    if (receipt.seenHealedAt) return receipt;
    const pod = seen.pods.find(({ metadata }) => metadata.uid === receipt.uid);
    if (receipt.injectedAt) return inForce(receipt, pod, timing.now);
    const deletedAt = pod ? deletionStart(pod) : undefined;
    if (deletedAt) return { ...receipt, injectedAt: deletedAt };
    if (!pod) {
      // Deleted since it was chosen, by this operator before a restart or by another: the two look the same.
      return inForce({ ...receipt, injectedAt: timing.now.toISOString() }, pod, timing.now);
    }
    if (!hasTime(timing)) return nothingDone(receipt, timing.now, 'it was not injected in time');
    remove.push({ name: receipt.pod, uid: receipt.uid });
    return { ...receipt, injectedAt: timing.now.toISOString() };
  });
  const open = receipts.filter((receipt) => !receipt.seenHealedAt);
  if (open.length === 0) return { receipts, remove };
  if (open.every((receipt) => receipt.seenInForceAt)) {
    const evidence = recovery(component, before, seen);
    if (evidence) return { receipts: receipts.map((receipt) => healed(receipt, evidence, timing)), remove };
  }
  return { receipts, remove, lookAgainMs: LOOK_MS };
}

function inForce(receipt: FaultReceipt, pod: Pod | undefined, now: Date): FaultReceipt {
  if (pod || receipt.seenInForceAt) return receipt;
  const inForceEvidence = `the API server no longer has pod ${receipt.pod} with uid ${receipt.uid}`;
  return { ...receipt, seenInForceAt: now.toISOString(), inForceEvidence };
}

function healed(receipt: FaultReceipt, healedEvidence: string, { now }: Timing): FaultReceipt {
  if (receipt.seenHealedAt) return receipt;
  const at = now.toISOString();
  return { ...receipt, healedAt: at, seenHealedAt: at, healedEvidence };
}

/** Evidence that the deleted pods were replaced; undefined until then. */
function recovery(
  component: string,
  targets: readonly FaultReceipt[],
  seen: ComponentSeen,
): string | undefined {
  const wanted = seen.workloads.reduce((sum, { replicas }) => sum + replicas, 0);
  if (seen.workloads.length === 0) return 'no workload exists that would replace it';
  const ready = seen.pods.filter(
    (pod) =>
      isLive(pod, component) &&
      !targets.some(({ uid }) => uid === pod.metadata.uid) &&
      pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  if (ready.length < wanted) return undefined;
  const names = ready.map(({ metadata }) => metadata.name).join(', ');
  return `${ready.length} of ${wanted} pods of component ${component} are ready: ${names}`;
}

/** When the pod's deletion began: its deletionTimestamp is that plus the grace period. */
function deletionStart(pod: Pod): string | undefined {
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp === undefined) return undefined;
  const grace = (pod.metadata as { deletionGracePeriodSeconds?: number }).deletionGracePeriodSeconds ?? 0;
  return new Date(Date.parse(deletionTimestamp) - grace * 1000).toISOString();
}
