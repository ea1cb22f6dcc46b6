import { setTimeout as pause } from 'node:timers/promises';

/** One answer of a component. */
export interface AnswerSample {
  /** When it was asked, milliseconds since 1970. */
  at: number;
  /** Milliseconds until it answered or the request failed. */
  ms: number;
}

/** Milliseconds between an answer and the next request. */
const PAUSE_MS = 250;

/**
 * Asks a component again and again. A process that lacks CPU time answers late, and is as late with its own timers.
 * The pace of this pod says little about it: their shares of the node differ.
 */
export class AnswerWatch {
  readonly samples: AnswerSample[] = [];
  readonly #ask: () => Promise<unknown>;
  readonly #stop = new AbortController();

  /** @param ask one cheap request, with a timeout of its own */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  /** Begins to sample. */
  start(): this {
    void this.#watch();
    return this;
  }

  /** Ends the sampling. */
  stop(): void {
    this.#stop.abort();
  }

  /** Milliseconds of the slowest answer to a request between two times, milliseconds since 1970. 0 without samples. */
  slowest(from: number, to: number): number {
    return slowestAnswer(this.samples, from, to);
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const at = Date.now();
      // A component that refuses to answer is slow until the request fails. The tests assert what it answers.
      await this.#ask().catch(() => undefined);
      this.samples.push({ at, ms: Date.now() - at });
      await pause(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

/** Milliseconds of the slowest answer that was awaited at some time from `from` to `to`. 0 without samples. */
export function slowestAnswer(samples: readonly AnswerSample[], from: number, to: number): number {
  const meanwhile = samples.filter(({ at, ms }) => at <= to && at + ms >= from);
  return meanwhile.reduce((slowest, { ms }) => Math.max(slowest, ms), 0);
}
