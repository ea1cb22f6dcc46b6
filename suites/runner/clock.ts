/**
 * Time as it was before a suite loaded. A test may replace Date, setTimeout and performance (fake timers) and forget to restore
 * them. The runner still measures and waits in real time.
 */
const RealDate = Date;
const realSetTimeout = globalThis.setTimeout;
const performanceNow = performance.now.bind(performance);
const REPLACEABLE = [
  'Date',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'performance',
] as const;
const originals = REPLACEABLE.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));

/** The current time. */
export function now(): Date {
  return new RealDate();
}

/** Milliseconds of a monotonic clock. */
export function monotonic(): number {
  return performanceNow();
}

/** Calls back after some milliseconds. */
export function after(milliseconds: number, call: () => void): NodeJS.Timeout {
  return realSetTimeout(call, milliseconds);
}

/** Fulfilled after some milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => realSetTimeout(resolve, milliseconds));
}

/** Undoes what a suite did to the clocks, for the libraries that send the last report. */
export function restoreClocks(): void {
  for (const [index, name] of REPLACEABLE.entries()) {
    const original = originals[index];
    if (original) Object.defineProperty(globalThis, name, original);
  }
}
