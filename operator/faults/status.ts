import { type Condition, type Observation, withCondition } from '@backendai-e2e/api/conditions';
import {
  FAULT_CONDITIONS,
  FAULT_REASONS,
  type Fault,
  type FaultAction,
  type FaultReceipt,
  type FaultStatus,
  type ScaledWorkload,
} from '@backendai-e2e/api/fault';
import type { Refusal } from './accept.ts';

/** The probes of each action. */
const PROBES: Record<FaultAction, { inForce: string; healed: string }> = {
  podDelete: {
    inForce: 'API server: no pod with that uid',
    healed: 'kubelet: as many other pods of the component are ready as its workloads ask for',
  },
  networkPartition: {
    inForce: "TCP connections and packet counters of nftables in the target's network namespace",
    healed: "nftables and TCP connections in the target's network namespace",
  },
  pause: {
    inForce: 'states of all threads in /proc of the shared process namespace',
    healed: 'states of all threads in /proc of the shared process namespace',
  },
  kill: {
    inForce: '/proc of the shared process namespace: no process of the container is left',
    healed: 'kubelet: the container was restarted and is ready',
  },
  scaleToZero: {
    inForce: 'API server: no pod with these uids',
    healed: 'controllers of the workloads: as many pods are ready as they ask for',
  },
};

/** The inputs of a status. */
export interface FaultProgress {
  action: FaultAction;
  receipts: readonly FaultReceipt[];
  /** A refusal during the injection. */
  refusal?: Refusal | undefined;
  /** The wait for healing is given up. */
  hopeless: boolean;
  now: Date;
}

/** Whether the fault is over: nothing is left to do or to wait for. */
export function isOver(fault: Fault): boolean {
  const { conditions, targets } = fault.status ?? {};
  const status = (type: string) => conditions?.find((condition) => condition.type === type)?.status;
  if (
    status(FAULT_CONDITIONS.accepted) === 'False' &&
    (targets ?? []).every((target) => target.seenHealedAt)
  ) {
    return true;
  }
  const seen = status(FAULT_CONDITIONS.seenHealed);
  return seen === 'True' || (seen === 'False' && fault.status?.phase === 'Unhealed');
}

/** The status of a fault that is refused before its injection. */
export function refusedStatus(fault: Fault, refusal: Refusal, now: Date): FaultStatus {
  const accepted = { type: FAULT_CONDITIONS.accepted, status: 'False' as const, ...refusal };
  const conditions = merged(fault, fault.status?.conditions, [accepted], now);
  return { ...fault.status, phase: 'Refused', conditions };
}

/** The status of a fault whose targets are chosen, before its injection. */
export function acceptedStatus(
  fault: Fault,
  chosen: { action: FaultAction; targets: FaultReceipt[]; workloads: ScaledWorkload[] },
  now: Date,
): FaultStatus {
  const { action, targets, workloads } = chosen;
  const message = `${action} of ${targets.map(({ pod }) => pod).join(', ')}`;
  const accepted = yes(FAULT_CONDITIONS.accepted, FAULT_REASONS.accepted, message);
  return {
    ...fault.status,
    phase: 'Injecting',
    action,
    acceptedAt: now.toISOString(),
    targets,
    ...(action === 'scaleToZero' ? { workloads } : {}),
    conditions: merged(fault, fault.status?.conditions, [accepted], now),
  };
}

/**
 * The status of an accepted fault. Its times are those of its last target. A fault that left out one of its targets counts as
 * never injected. Otherwise a suite would take a part for the whole.
 */
export function progressStatus(fault: Fault, progress: FaultProgress): FaultStatus {
  const { action, receipts, refusal, hopeless, now } = progress;
  const touched = receipts.filter((receipt) => receipt.injectedAt).length;
  const probes = PROBES[action];
  const injectedAt = latest(receipts, 'injectedAt');
  const seenInForceAt = latest(receipts, 'seenInForceAt');
  const healedAt = latest(receipts, 'healedAt');
  const seenHealedAt = latest(receipts, 'seenHealedAt');
  const { injectedAt: _1, seenInForceAt: _2, healedAt: _3, seenHealedAt: _4, ...more } = fault.status ?? {};
  const { seenInForceAfterSeconds: _5, seenHealedAfterSeconds: _6, ...kept } = more;
  const phase = refusal
    ? 'Refused'
    : seenHealedAt
      ? 'Healed'
      : hopeless
        ? 'Unhealed'
        : healedAt || (fault.spec.heal && touched > 0)
          ? 'Healing'
          : seenInForceAt
            ? 'InForce'
            : 'Injecting';
  const trouble = receipts.map((receipt) => receipt.trouble).find((text) => text !== undefined);
  const extent = touched === 0 ? 'nothing was done' : `done to ${touched} of ${receipts.length} targets`;
  const seen = observations({
    injectedAt,
    seenInForceAt,
    healedAt,
    seenHealedAt,
    hopeless,
    trouble,
    action,
    extent,
  });
  if (refusal) seen.push({ type: FAULT_CONDITIONS.accepted, status: 'False', ...refusal });
  return {
    ...kept,
    phase,
    targets: [...receipts],
    ...(injectedAt ? { injectedAt } : {}),
    ...(seenInForceAt ? { seenInForceAt, seenInForceBy: probes.inForce } : {}),
    ...after('seenInForceAfterSeconds', injectedAt, seenInForceAt),
    ...(healedAt ? { healedAt } : {}),
    ...(seenHealedAt ? { seenHealedAt, seenHealedBy: probes.healed } : {}),
    ...after('seenHealedAfterSeconds', injectedAt, seenHealedAt),
    conditions: merged(fault, kept.conditions, seen, now),
  };
}

/** Seconds between two times (RFC 3339), in tenths. None where one is missing. Clocks may differ: it is never below 0. */
function after(
  field: 'seenInForceAfterSeconds' | 'seenHealedAfterSeconds',
  from: string | undefined,
  to: string | undefined,
): Pick<FaultStatus, typeof field> {
  if (!from || !to) return {};
  return { [field]: Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 100) / 10) };
}

interface Facts {
  injectedAt: string | undefined;
  seenInForceAt: string | undefined;
  healedAt: string | undefined;
  seenHealedAt: string | undefined;
  hopeless: boolean;
  trouble: string | undefined;
  action: FaultAction;
  /** In words: to how many targets it was done. */
  extent: string;
}

function observations(facts: Facts): Observation[] {
  const { injectedAt, seenInForceAt, healedAt, seenHealedAt, hopeless, trouble, action, extent } = facts;
  const { injected, inForce, healed, seenHealed } = FAULT_CONDITIONS;
  const R = FAULT_REASONS;
  const more = trouble ? `; last: ${trouble}` : '';
  const over = seenHealedAt !== undefined || hopeless;
  return [
    injectedAt
      ? yes(injected, R.injected, `carried out at ${injectedAt}`)
      : over
        ? no(injected, R.notInjected, `${extent}${more}`)
        : unknown(injected, R.injecting, `it is being carried out${more}`),
    seenInForceAt
      ? yes(inForce, R.seen, `seen at ${seenInForceAt} by ${PROBES[action].inForce}`)
      : over
        ? no(inForce, R.notSeen, `the probe did not see it in force${more}`)
        : unknown(inForce, R.injecting, `the probe has not seen it yet${more}`),
    healedAt
      ? yes(healed, R.undone, `undone at ${healedAt}`)
      : hopeless
        ? no(healed, R.notSeen, `its time is over, and the probe did not see it undone${more}`)
        : unknown(healed, R.inForce, 'it lasts'),
    seenHealedAt
      ? yes(seenHealed, R.seen, `seen at ${seenHealedAt} by ${PROBES[action].healed}`)
      : hopeless
        ? no(seenHealed, R.notSeen, `the probe did not see it healed${more}`)
        : unknown(seenHealed, healedAt ? R.healing : R.inForce, `the probe has not seen it healed${more}`),
  ];
}

const yes = (type: string, reason: string, message: string): Observation => ({
  type,
  status: 'True',
  reason,
  message,
});
const no = (type: string, reason: string, message: string): Observation => ({
  type,
  status: 'False',
  reason,
  message,
});
const unknown = (type: string, reason: string, message: string): Observation => ({
  type,
  status: 'Unknown',
  reason,
  message,
});

/** The latest of these times, once all receipts have one. */
function latest(
  receipts: readonly FaultReceipt[],
  field: 'injectedAt' | 'seenInForceAt' | 'healedAt' | 'seenHealedAt',
): string | undefined {
  const times = receipts.map((receipt) => receipt[field]);
  if (times.some((time) => time === undefined)) return undefined;
  return times.toSorted((a, b) => Date.parse(a ?? '') - Date.parse(b ?? '')).at(-1);
}

function merged(
  fault: Fault,
  before: readonly Condition[] | undefined,
  seen: readonly Observation[],
  now: Date,
): Condition[] {
  const { generation } = fault.metadata;
  return seen.reduce<Condition[]>(
    (conditions, observation) =>
      withCondition(
        conditions,
        { ...observation, ...(generation === undefined ? {} : { observedGeneration: generation }) },
        now,
      ),
    [...(before ?? [])],
  );
}
