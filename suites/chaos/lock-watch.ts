import type { Redis } from 'ioredis';

/** A lock as one look saw it. */
export interface LockSample {
  /** Milliseconds since 1970. */
  at: number;
  /** Its value; undefined: nobody holds it. */
  holder: string | undefined;
  /** Milliseconds that it has left; 0 when nobody holds it. */
  ttlMs: number;
}

/** The lock went from one to another. */
export interface Handover {
  from: string;
  to: string;
  /** When it was first seen in the new hands, milliseconds since 1970. */
  at: number;
  /** Milliseconds that the old holder still had at that time by the last look at it; 0 or less: its time was over. */
  leftMs: number;
}

/** Milliseconds between looks. */
const LOOK_MS = 100;
/** A look that takes longer is left out: it would not say what held when. */
const ANSWER_MS = 2_000;

/** Looks at a lock in Valkey every 100 ms, value and time to live in one transaction, from `start` to `stop`. */
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

  start(): this {
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    return this;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks that failed, or came too late to count. */
  get failures(): number {
    return this.#failures;
  }

  /** Looks once, apart from the regular looks. */
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
      // Counted, and looked at by the test: too many looks that failed make it inconclusive.
      this.#failures += 1;
      return undefined;
    }
  }
}

/** Every change of hands, in order. A holder that had let go and takes it again is none. */
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

/** Longest time between two looks, milliseconds: what happened in between nobody saw. */
export function longestGap(samples: readonly LockSample[]): number {
  const times = samples.map(({ at }) => at).toSorted((a, b) => a - b);
  return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0);
}

/** Milliseconds for which nobody held the lock before it was taken anew, at most by what was seen. */
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
