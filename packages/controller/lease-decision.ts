/** The fields of a Lease's spec that an election uses; times in the format of V1MicroTime. */
export interface LeaseRecord {
  holderIdentity: string;
  leaseDurationSeconds: number;
  acquireTime: string;
  renewTime: string;
  leaseTransitions: number;
}

/** A record, and when this process first saw it, by its own clock. */
export interface SeenRecord {
  record: LeaseRecord;
  /** resourceVersion of the Lease: it distinguishes any two states, regardless of the clocks of others. */
  resourceVersion: string;
  /** Monotonic milliseconds. */
  seenMs: number;
}

/** The next step of a candidate. */
export type LeaseMove = 'create' | 'take' | 'renew' | 'wait';

/**
 * Decides from the last observation. A holder counts as alive until its lease duration has passed on our clock since its
 * record last changed. Its timestamps are never compared with our time, because clocks differ. Pure.
 */
export function leaseMove(seen: SeenRecord | undefined, identity: string, nowMs: number): LeaseMove {
  if (seen === undefined) return 'create';
  const { holderIdentity, leaseDurationSeconds } = seen.record;
  if (holderIdentity === identity) return 'renew';
  if (holderIdentity === '') return 'take';
  return nowMs < seen.seenMs + leaseDurationSeconds * 1000 ? 'wait' : 'take';
}

/**
 * Milliseconds until a waiting candidate looks again: the interval, but not beyond the expiry of the lease. Otherwise a whole
 * interval could be lost on top of the lease's duration. Pure.
 */
export function nextLookMs(seen: SeenRecord | undefined, intervalMs: number, nowMs: number): number {
  if (!seen?.record.holderIdentity) return intervalMs;
  const overMs = seen.seenMs + seen.record.leaseDurationSeconds * 1000 - nowMs;
  return overMs > 0 ? Math.min(intervalMs, overMs) : intervalMs;
}

/** Keeps the time of the first observation while the Lease has not changed. Pure. */
export function see(
  before: SeenRecord | undefined,
  now: Omit<SeenRecord, 'seenMs'>,
  nowMs: number,
): SeenRecord {
  return before?.resourceVersion === now.resourceVersion ? before : { ...now, seenMs: nowMs };
}

/** The record that a candidate writes for a step. */
export function recordFor(
  move: Exclude<LeaseMove, 'wait'>,
  before: LeaseRecord | undefined,
  candidate: { identity: string; leaseDurationMs: number },
  now: Date,
): LeaseRecord {
  const time = microTime(now);
  const transitions = before?.leaseTransitions ?? 0;
  return {
    holderIdentity: candidate.identity,
    leaseDurationSeconds: Math.max(1, Math.round(candidate.leaseDurationMs / 1000)),
    acquireTime: move === 'renew' && before ? before.acquireTime : time,
    renewTime: time,
    leaseTransitions: move === 'take' ? transitions + 1 : transitions,
  };
}

/** The record that releases the Lease: no holder, and one second, so that the next candidate need not wait. */
export function releasedRecord(before: LeaseRecord, now: Date): LeaseRecord {
  const time = microTime(now);
  return { ...before, holderIdentity: '', leaseDurationSeconds: 1, renewTime: time, acquireTime: time };
}

/** RFC 3339 with microseconds: the only format that the API server accepts for the times of a Lease (metav1.MicroTime). */
export function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
