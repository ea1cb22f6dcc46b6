import { setTimeout as delay } from 'node:timers/promises';

/** When a wait of a test fails. */
export interface UntilOptions {
  /** Milliseconds for the whole wait. Set it only where the test asserts this bound. */
  withinMs?: number;
  /** Milliseconds without a change after which the wait fails. Default 90 000: a busy machine never pauses for so long. */
  stalledMs?: number;
  /** Milliseconds between looks. Default 50. */
  everyMs?: number;
}

/** Milliseconds after which a wait fails although what it sees still changes. */
const LONGEST_MS = 300_000;
/** Milliseconds for one test or hook, for Mocha's timeout(). Longer than a wait, so that the wait reports what it saw. */
export const LAST_RESORT_MS = 600_000;

/**
 * Calls `look` until it returns a value other than undefined or false, and resolves to that value. An error that `look` throws
 * means "not yet", and its message shows the progress. Rejects after `stalledMs` without a change in what `look` shows, after
 * five minutes, or after `withinMs`. The error names what was awaited and what was seen last.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const { withinMs = LONGEST_MS, everyMs = 50 } = options;
  const stalledMs = options.stalledMs ?? (options.withinMs === undefined ? 90_000 : withinMs);
  const began = performance.now();
  let changed = began;
  let shown: string | undefined;
  for (;;) {
    let last: unknown;
    try {
      last = await look();
      if (last !== undefined && last !== false) return last as Exclude<T, undefined | false>;
    } catch (error) {
      last = error;
    }
    const now = performance.now();
    const seen = last instanceof Error ? last.message : String(last);
    if (seen !== shown) changed = now;
    shown = seen;
    if (now - changed >= stalledMs || now - began >= withinMs) {
      const seconds = ((now - began) / 1000).toFixed(1);
      throw new Error(`Not within ${seconds} s: ${what}; last seen: ${shown}`, { cause: last });
    }
    await delay(everyMs);
  }
}
