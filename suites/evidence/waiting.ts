import { inspect } from 'node:util';
import { recorder } from './record.ts';

/** A probe returns this while the awaited thing has not happened. It holds what the probe saw instead. */
export class NotYet {
  readonly seen: unknown;
  constructor(seen: unknown) {
    this.seen = seen;
  }
}

/** Returns "not yet" from a probe of {@link waitUntil}. */
export function notYet(seen: unknown): NotYet {
  return new NotYet(seen);
}

/** The deadline of a wait passed. The message names the awaited thing, the seconds and what was last seen. */
export class WaitTimeout extends Error {
  override name = 'WaitTimeout';
  readonly lastSeen: unknown;
  constructor(what: string, seconds: number, looks: number, lastSeen: unknown) {
    super(`waited ${seconds} s for ${what}; last seen (look ${looks}): ${show(lastSeen)}`);
    this.lastSeen = lastSeen;
  }
}

/** How long to wait for a condition, and which errors mean that it does not hold yet. */
export interface WaitOptions {
  deadlineSeconds: number;
  /** Pause between probes, milliseconds. Default: 500. */
  everyMs?: number;
  /** Errors of the probe that mean "not yet". Any other error ends the wait. Default: none. */
  tolerate?: (error: unknown) => boolean;
}

/**
 * Calls the probe until it returns something other than {@link notYet}, and returns that.
 * Throws {@link WaitTimeout} at the deadline, and errors of the probe that are not tolerated. A long wait is recorded.
 * @param what completes "waited for …"
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | NotYet>,
  options: WaitOptions,
): Promise<T> {
  const start = performance.now();
  try {
    return await untilDeadline(what, probe, options, start + options.deadlineSeconds * 1000);
  } finally {
    recorder.waited(what, (performance.now() - start) / 1000);
  }
}

async function untilDeadline<T>(
  what: string,
  probe: () => Promise<T | NotYet>,
  options: WaitOptions,
  deadline: number,
): Promise<T> {
  let lastSeen: unknown = 'nothing';
  for (let looks = 1; ; looks += 1) {
    try {
      const answer = await probe();
      if (!(answer instanceof NotYet)) return answer;
      lastSeen = answer.seen;
    } catch (error) {
      if (!options.tolerate?.(error)) throw error;
      lastSeen = error;
    }
    const pause = options.everyMs ?? 500;
    if (performance.now() + pause > deadline) {
      throw new WaitTimeout(what, options.deadlineSeconds, looks, lastSeen);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * Lets time pass, and looks every half second: that something does not happen shows only in time. An error of the look ends it.
 */
export async function passes(seconds: number, look: () => Promise<void> = async () => {}): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const probe = async () => {
    await look();
    return performance.now() >= until ? undefined : notYet('time passes');
  };
  await waitUntil(`${seconds} s to pass`, probe, { deadlineSeconds: seconds + 10 });
}

function show(seen: unknown): string {
  if (typeof seen === 'string') return seen;
  if (seen instanceof Error) return `${seen.name}: ${seen.message}`;
  return inspect(seen, { depth: 4, breakLength: Number.POSITIVE_INFINITY });
}
