import { ItemBackoff, TokenBucket } from '@backendai-e2e/kube/backoff';
import type { Clock } from '@backendai-e2e/kube/clock';

/** The longest pause of a failed key that changes, in milliseconds. What a user mends must not wait for minutes. */
const LONGEST_HOLD_MS = 5_000;

/** A key that a worker has taken. */
export interface Taken {
  key: string;
  /** Milliseconds between becoming due and being taken. */
  waitedMs: number;
}

/** The pauses before a failed key returns, for each key and for all together. */
export interface WorkQueueOptions {
  clock: Clock;
  /** Default 5 ms to 1000 s. */
  perItem?: ItemBackoff;
  /** Default 10/s, burst 100. */
  overall?: TokenBucket;
  /** Called whenever the number of waiting keys changes. */
  onDepth?: (depth: number) => void;
}

/**
 * A work queue of keys, as in client-go. A key that is added twice before it is taken is taken once. A key that is added while a
 * worker has it is taken again after done(). So no key has two workers, and no change is lost.
 *
 * Unlike client-go's, a failed key stays away for its pause even if it changes, up to 5 s. A reconcile that records its error
 * in a status changes its own key. It would follow itself without a pause for as long as the text varies.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #perItem: ItemBackoff;
  readonly #overall: TokenBucket;
  readonly #onDepth: (depth: number) => void;
  /** Keys to take, oldest first, with the monotonic time of becoming due. */
  readonly #waiting = new Map<string, number>();
  readonly #processing = new Set<string>();
  /** Keys that were added while a worker has them, with the monotonic time of that. */
  readonly #dirty = new Map<string, number>();
  readonly #delayed = new Map<string, { at: number; cancel: () => void }>();
  /** Keys that failed last, with the monotonic time before which no change brings them back. */
  readonly #held = new Map<string, number>();
  readonly #takers: ((taken: Taken | undefined) => void)[] = [];
  readonly #idle: (() => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#perItem = options.perItem ?? new ItemBackoff();
    this.#overall = options.overall ?? new TokenBucket(options.clock);
    this.#onDepth = options.onDepth ?? (() => {});
  }

  /** Keys waiting to be taken now. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Keys taken and not done. */
  get processing(): number {
    return this.#processing.size;
  }

  /**
   * Adds a key: at once, or after the pause of a failure, if that is not over. A key that waits already stays once; one that is
   * worked on is worked on again.
   */
  add(key: string): void {
    if (this.#closed) return;
    const now = this.#clock.monotonicMs();
    if (this.#processing.has(key)) {
      if (!this.#dirty.has(key)) this.#dirty.set(key, now);
      return;
    }
    this.#addSince(key, now);
  }

  /** Adds the key after that many milliseconds. Of several such calls for one key, the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.monotonicMs() + ms;
    const before = this.#delayed.get(key);
    if (before !== undefined && before.at <= at) return;
    before?.cancel();
    const cancel = this.#clock.setTimer(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, cancel });
  }

  /**
   * Adds the key after a failure, when both limits allow it. A change adds it at the same time, or after 5 s if that is sooner.
   * Returns the milliseconds until then.
   */
  addRateLimited(key: string): number {
    const ms = Math.max(this.#perItem.next(key), this.#overall.reserve());
    this.#held.set(key, this.#clock.monotonicMs() + Math.min(ms, LONGEST_HOLD_MS));
    this.addAfter(key, ms);
    return ms;
  }

  /** Resets the failure count of the key. */
  forget(key: string): void {
    this.#held.delete(key);
    this.#perItem.forget(key);
  }

  /** Number of consecutive failures of the key. */
  failures(key: string): number {
    return this.#perItem.failures(key);
  }

  /** Waits for the next key; undefined once the queue is shut down. Call done() afterwards. */
  take(): Promise<Taken | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#hand();
      this.#onDepth(this.#waiting.size);
    });
  }

  /** Ends the work on a taken key. If it was added meanwhile, it waits again. */
  done(key: string): void {
    this.#processing.delete(key);
    const since = this.#dirty.get(key);
    if (since !== undefined) {
      this.#dirty.delete(key);
      this.#addSince(key, since);
    }
    this.#tellIdle();
  }

  /**
   * Accepts and returns no further keys; resolves when taken keys are done. Waiting keys are dropped: the first list of the
   * next process brings them back.
   */
  shutDown(): Promise<void> {
    this.#closed = true;
    for (const delayed of this.#delayed.values()) delayed.cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#dirty.clear();
    this.#held.clear();
    this.#onDepth(0);
    for (const taker of this.#takers.splice(0)) taker(undefined);
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#tellIdle();
    });
  }

  /** Adds a key that no worker has, for a change at that monotonic time. */
  #addSince(key: string, since: number): void {
    if (this.#closed || this.#waiting.has(key)) return;
    const holdMs = (this.#held.get(key) ?? 0) - this.#clock.monotonicMs();
    if (holdMs > 0) {
      this.addAfter(key, holdMs);
      return;
    }
    this.#waiting.set(key, since);
    this.#hand();
    this.#onDepth(this.#waiting.size);
  }

  #hand(): void {
    while (this.#takers.length > 0) {
      const next = this.#waiting.entries().next();
      if (next.done) return;
      const [key, since] = next.value;
      this.#waiting.delete(key);
      this.#processing.add(key);
      this.#takers.shift()?.({ key, waitedMs: this.#clock.monotonicMs() - since });
    }
  }

  #tellIdle(): void {
    if (this.#closed && this.#processing.size === 0) for (const idle of this.#idle.splice(0)) idle();
  }
}
