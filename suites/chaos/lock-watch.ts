import type { Redis } from 'ioredis';

/** One sample of a lock. */
export interface LockSample {
  /** Milliseconds since 1970. */
  at: number;
  /** Its holder, or undefined when it is free. */
  holder: string | undefined;
  /** Remaining milliseconds of the lease, 0 when the lock is free. */
  ttlMs: number;
}

/** The lock moved from one holder to another. */
export interface Handover {
  from: string;
  to: string;
  /** Time of the first sample with the new holder, milliseconds since 1970. */
  at: number;
  /** Remaining milliseconds of the old holder at that time, by its last sample. 0 or less: its lease had expired. */
  leftMs: number;
}

/** Milliseconds between samples. */
const LOOK_MS = 100;
/** A sample that takes longer is dropped, because its time is uncertain. */
const ANSWER_MS = 2_000;

/** Samples a lock in Valkey every 100 ms, value and time to live in one transaction, from `start` to `stop`. */
export class LockWatch {
  readonly samples: LockSample[] = [];
  readonly #client: Redis;
  readonly #key: string;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(client: Redis, key: string) {
    this.#client = client;
    this.#key = key;
  }

  /** Begins to sample. */
  start(): this {
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    return this;
  }

  /** Ends the sampling. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Number of samples that failed or took too long. */
  get failures(): number {
    return this.#failures;
  }

  /** Takes one extra sample. */
  async look(): Promise<LockSample | undefined> {
    const asked = Date.now();
    try {
      const answer = await this.#client.multi().get(this.#key).pttl(this.#key).exec();
      const at = Date.now();
      const [holder, ttl] = (answer ?? []).map(([error, value]) => {
        if (error) throw error;
        return value;
      });
      if (at - asked > ANSWER_MS) {
        this.#failures += 1;
        return undefined;
      }
      const sample = {
        at,
        holder: typeof holder === 'string' ? holder : undefined,
        ttlMs: Math.max(0, Number(ttl ?? 0)),
      };
      this.samples.push(sample);
      return sample;
    } catch {
      // Counted: too many failed samples make the test inconclusive.
      this.#failures += 1;
      return undefined;
    }
  }
}

/** Every change of the holder, in order. A holder that releases the lock and takes it again is no change. */
export function handovers(samples: readonly LockSample[]): Handover[] {
  const found: Handover[] = [];
  let last: { holder: string; at: number; ttlMs: number } | undefined;
  for (const { at, holder, ttlMs } of samples.toSorted((a, b) => a.at - b.at)) {
    if (holder === undefined) continue;
    if (last && last.holder !== holder) {
      found.push({ from: last.holder, to: holder, at, leftMs: last.ttlMs - (at - last.at) });
    }
    last = { holder, at, ttlMs };
  }
  return found;
}

/** Longest gap between two samples, milliseconds. */
export function longestGap(samples: readonly LockSample[]): number {
  const times = samples.map(({ at }) => at).toSorted((a, b) => a - b);
  return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0);
}

/** Longest time for which the lock was free before it was taken again, milliseconds, by the samples. */
export function vacantMs(samples: readonly LockSample[]): number {
  const sorted = samples.toSorted((a, b) => a.at - b.at);
  let longest = 0;
  let since: number | undefined;
  for (const { at, holder } of sorted) {
    if (holder === undefined) since ??= at;
    else if (since !== undefined) {
      longest = Math.max(longest, at - since);
      since = undefined;
    }
  }
  return longest;
}
