import { setTimeout as pause } from 'node:timers/promises';

/** One answer of a service. */
export interface Probe {
  /** When it was asked, milliseconds since 1970. */
  at: number;
  /** Milliseconds until the answer. */
  ms: number;
  /** away: no answer, or an error of the service. wrong: an answer that is not true. */
  outcome: 'right' | 'away' | 'wrong';
  /** What was answered instead of the right answer. */
  why?: string;
}

/** The service answered what is not true. */
export class WrongAnswer extends Error {
  override name = 'WrongAnswer';
}

/** Milliseconds between two requests, or between a later answer and the next request. */
const PERIOD_MS = 250;

/** Asks a service several times a second, and notes each answer. */
export class Prober {
  readonly probes: Probe[] = [];
  readonly name: string;
  readonly #ask: () => Promise<void>;
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  /** @param ask one request with a timeout of its own. It throws {@link WrongAnswer}, or another error where none came */
  constructor(name: string, ask: () => Promise<void>) {
    this.name = name;
    this.#ask = ask;
  }

  /** Begins to send requests. */
  start(): this {
    this.#ended = this.#probe();
    return this;
  }

  /** Ends after the last answer. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #probe(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const at = Date.now();
      const probe = await this.#ask().then(
        (): Pick<Probe, 'outcome' | 'why'> => ({ outcome: 'right' }),
        (error: unknown) => ({
          outcome: error instanceof WrongAnswer ? ('wrong' as const) : ('away' as const),
          why: String(error),
        }),
      );
      const ms = Date.now() - at;
      this.probes.push({ at, ms, ...probe });
      // Rejects on the abort, which ends the loop.
      await pause(Math.max(0, PERIOD_MS - ms), undefined, { signal }).catch(() => undefined);
    }
  }
}

/**
 * Milliseconds of the longest time without a right answer. It begins with the request after a right answer, and ends with the next
 * right answer. A service that stays away is away until its last probe ended. 0 where every answer was right.
 */
export function longestAway(probes: readonly Probe[]): number {
  let longest = 0;
  let since: number | undefined;
  for (const { at, ms, outcome } of probes) {
    if (outcome !== 'right') since ??= at;
    if (since === undefined) continue;
    longest = Math.max(longest, at + ms - since);
    if (outcome === 'right') since = undefined;
  }
  return longest;
}
