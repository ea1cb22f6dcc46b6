import { inspect } from 'node:util';

/** What a probe returns while the thing waited for has not happened: what it saw instead. */
export class NotYet {
  readonly seen: unknown;
  constructor(seen: unknown) {
    this.seen = seen;
  }
}

/** Says "not yet" in a probe of {@link waitUntil}. */
export function notYet(seen: unknown): NotYet {
  return new NotYet(seen);
}

/** The deadline of a wait passed. The message says for what, how long, and what was last seen. */
export class WaitedInVain extends Error {
  override name = 'WaitedInVain';
  readonly lastSeen: unknown;
  constructor(what: string, seconds: number, looks: number, lastSeen: unknown) {
    super(`waited ${seconds} s for ${what}; last seen (look ${looks}): ${show(lastSeen)}`);
    this.lastSeen = lastSeen;
  }
}

export interface WaitOptions {
  deadlineSeconds: number;
  /** Pause between looks, milliseconds. */
  everyMs?: number;
  /** Errors of the probe that only mean "not yet"; any other ends the wait. Default: none. */
  tolerate?: (error: unknown) => boolean;
}

/**
 * Looks again and again until the probe returns something else than {@link notYet}, and returns that.
 * Throws {@link WaitedInVain} at the deadline, and errors of the probe as they come unless tolerated.
 * @param what completes "waited for …"
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | NotYet>,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.deadlineSeconds * 1000;
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
      throw new WaitedInVain(what, options.deadlineSeconds, looks, lastSeen);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function show(seen: unknown): string {
  if (typeof seen === 'string') return seen;
  if (seen instanceof Error) return `${seen.name}: ${seen.message}`;
  return inspect(seen, { depth: 4, breakLength: Number.POSITIVE_INFINITY });
}
