import type { FaultReceipt } from '@backendai-e2e/api/fault';
import { START_SECONDS } from './tools.ts';

/** When a decision about a fault is made. */
export interface Timing {
  now: Date;
  acceptedAt: Date;
  /** Somebody wants it to heal now: spec.heal, a deletion, or the end of the attempt that asked for it. */
  wantsHealing: boolean;
  /** spec.durationSeconds. */
  seconds: number;
}

/** Milliseconds between looks at what must happen soon and is not watched, such as the log of a tool. */
export const LOOK_MS = 300;

/** Seconds after the end of a fault's time that its healing is waited for before it is said that nobody saw it. */
const HOPE_SECONDS = 90;

/** When it is too late to inject. */
export function notAfter({ acceptedAt }: Timing): Date {
  return new Date(acceptedAt.getTime() + START_SECONDS * 1000);
}

/** Whether it may still be injected. */
export function hasTime(timing: Timing): boolean {
  return !timing.wantsHealing && timing.now.getTime() <= notAfter(timing).getTime();
}

/** Whether the time is over in which healing could be expected to be seen. What lasts has mended itself by then. */
export function isHopeless(receipt: FaultReceipt, timing: Timing): boolean {
  if (receipt.seenHealedAt) return false;
  const from = receipt.injectedAt ? Date.parse(receipt.injectedAt) : notAfter(timing).getTime();
  return timing.now.getTime() > from + (timing.seconds + HOPE_SECONDS) * 1000;
}

/** The receipt of a target to which nothing was done. */
export function nothingDone(receipt: FaultReceipt, now: Date, why: string): FaultReceipt {
  const at = now.toISOString();
  return {
    ...receipt,
    healedAt: receipt.healedAt ?? at,
    seenHealedAt: at,
    healedEvidence: `nothing was done to it: ${why}`,
  };
}
