/**
 * The source of time. Code that waits or measures takes a Clock, so that tests control it
 * (tools/envtest/doubles/fake-clock.ts).
 */
export interface Clock {
  /** Wall clock, for timestamps only. Measure with monotonicMs. */
  now(): Date;
  /** Milliseconds since a fixed instant. Never decreases. */
  monotonicMs(): number;
  /** Calls back once after `ms` milliseconds. Returns a function that cancels it. */
  setTimer(ms: number, callback: () => void): () => void;
}

/** Longest delay of Node's timers. A longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real time. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/**
 * Waits `ms` milliseconds.
 * Rejects with the signal's reason as soon as it aborts.
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
