import type { FaultReceipt } from '@backendai-e2e/api/fault';
import { START_SECONDS } from './tools.ts';

/** The times that a decision about a fault depends on. */
export interface Timing {
  now: Date;
  acceptedAt: Date;
  /** The fault must heal now: spec.heal, its deletion, or the end of the attempt that asked for it. */
  wantsHealing: boolean;
  /** spec.durationSeconds. */
  seconds: number;
}

/** Milliseconds between looks at states that change soon and are not watched, such as the log of a tool. */
export const LOOK_MS = 300;

/** Seconds after the end of a fault's time until the wait for its healing is given up. */
const HOPE_SECONDS = 90;

/** The last time to inject. */
export function notAfter({ acceptedAt }: Timing): Date {
  return new Date(acceptedAt.getTime() + START_SECONDS * 1000);
}

/** Whether the fault may still be injected. */
export function hasTime(timing: Timing): boolean {
  return !timing.wantsHealing && timing.now.getTime() <= notAfter(timing).getTime();
}

/**
 * When the effect began at the latest, milliseconds since the epoch. Tools report the time of their node. A time before the
 * fault was accepted, or in the future, is ignored: that clock differs from the operator's.
 */
export function begunBy(receipt: FaultReceipt, timing: Timing): number {
  const last = notAfter(timing).getTime();
  const told = receipt.injectedAt ? Date.parse(receipt.injectedAt) : last;
  // Times may have whole seconds.
  return told >= timing.acceptedAt.getTime() - 1000 && told <= timing.now.getTime() ? told : last;
}

/**
 * Whether healing can no longer be expected. By then every lasting effect has healed automatically. What was undone late, because
 * no operator was there, has its time to recover from then on.
 */
export function isHopeless(receipt: FaultReceipt, timing: Timing): boolean {
  if (receipt.seenHealedAt) return false;
  const end = begunBy(receipt, timing) + timing.seconds * 1000;
  const now = timing.now.getTime();
  const healedAt = receipt.healedAt ? Date.parse(receipt.healedAt) : end;
  const from = healedAt > now ? end : Math.max(end, healedAt);
  return now > from + HOPE_SECONDS * 1000;
}

/** The receipt of a target on which nothing was injected. */
export function nothingDone(receipt: FaultReceipt, now: Date, why: string): FaultReceipt {
  const at = now.toISOString();
  return {
    ...receipt,
    healedAt: receipt.healedAt ?? at,
    seenHealedAt: at,
    healedEvidence: `nothing was done to it: ${why}`,
  };
}
