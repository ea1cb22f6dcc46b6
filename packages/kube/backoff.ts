import type { Clock } from './clock.ts';

/** Delays that grow by a factor, from base to cap. */
export interface Backoff {
  baseMs: number;
  capMs: number;
  /** Default 2. */
  factor?: number;
}

/** Milliseconds to wait after a number of failures in a row. One failure: base. */
export function backoffMs(backoff: Backoff, failures: number): number {
  if (failures <= 0) return 0;
  // The power overflows to Infinity for many failures: min() brings it back to the cap.
  return Math.min(backoff.capMs, backoff.baseMs * (backoff.factor ?? 2) ** (failures - 1));
}

/** Adds a random part, up to the given share of the delay. So clients do not return at the same moment. */
export function jittered(ms: number, share: number, random: () => number = Math.random): number {
  return ms * (1 + share * random());
}

/**
 * Counts failures by key and gives the delay of each. It is client-go's per-item limiter, but with a cap of 30 s instead of
 * 1000 s. After minutes of trouble with the API server, a run must not wait a quarter of an hour.
 */
export class ItemBackoff {
  readonly #backoff: Backoff;
  readonly #failures = new Map<string, number>();

  constructor(backoff: Backoff = { baseMs: 5, capMs: 30_000 }) {
    this.#backoff = backoff;
  }

  /** Counts a failure and returns the milliseconds to wait. */
  next(key: string): number {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    return backoffMs(this.#backoff, failures);
  }

  /** Number of failures since the last success. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Counts from zero again, as after a success. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}

/** An overall limit: a rate a second, with a burst. client-go's default for controllers is 10/s, burst 100. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #updatedMs: number;

  constructor(clock: Clock, perSecond = 10, burst = 100) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#updatedMs = clock.monotonicMs();
  }

  /** Takes a token, on credit if none is left. Returns the milliseconds until it is available. */
  reserve(): number {
    const now = this.#clock.monotonicMs();
    const earned = ((now - this.#updatedMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned) - 1;
    this.#updatedMs = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }
}
