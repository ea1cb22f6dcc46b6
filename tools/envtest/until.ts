import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds until it gives up. Default 10 000. */
  timeoutMs?: number;
  /** Milliseconds between looks. Default 50. */
  everyMs?: number;
}

/**
 * Looks again and again until `look` gives something other than undefined or false, and resolves to that.
 * A look that throws counts as not yet. Rejects when the time is over, with what was awaited and what was last seen.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const end = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen as Exclude<T, undefined | false>;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) {
      const shown = last instanceof Error ? last.message : String(last);
      throw new Error(`Not within ${timeoutMs / 1000} s: ${what}; last seen: ${shown}`, { cause: last });
    }
    await delay(options.everyMs ?? 50);
  }
}
