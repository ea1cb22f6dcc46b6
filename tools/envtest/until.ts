import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds within which it has to come, where a test asserts that. Default: as long as something changes, see until(). */
  withinMs?: number;
  /** Milliseconds between looks. Default 50. */
  everyMs?: number;
}

/** Milliseconds without a change in what is seen after which a wait is given up: no busy neighbour holds us up for so long. */
const STALLED_MS = 90_000;
/** Milliseconds after which a wait is given up although what is seen still changes. */
const LONGEST_MS = 300_000;
/** Milliseconds for a whole test or hook: longer than its waits, so that those say what they wait for. For Mocha's timeout(). */
export const LAST_RESORT_MS = 600_000;

/**
 * Looks again and again until `look` gives something other than undefined or false, and resolves to that.
 * A look that throws counts as not yet; what it throws shows how far things have come. Rejects when nothing of that has changed
 * for a minute and a half, after five minutes, or after `withinMs`, with what was awaited and what was last seen.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const { withinMs = LONGEST_MS, everyMs = 50 } = options;
  const stalledMs = options.withinMs === undefined ? STALLED_MS : withinMs;
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
