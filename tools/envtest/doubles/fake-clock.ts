import type { Clock } from '@backendai-e2e/kube/clock';

/** A clock that moves only when a test advances it. */
export class FakeClock implements Clock {
  #now: number;
  #monotonic = 0;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();
  #nextId = 0;

  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  monotonicMs(): number {
    return this.#monotonic;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const id = this.#nextId++;
    this.#timers.set(id, { at: this.#monotonic + Math.max(0, ms), callback });
    return () => this.#timers.delete(id);
  }

  /** The number of timers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Advances by milliseconds. Fires each due timer in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort(byTime)[0];
      if (!due) break;
      const [id, timer] = due;
      this.#timers.delete(id);
      this.#moveTo(Math.max(timer.at, this.#monotonic));
      timer.callback();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  /** Advances by milliseconds without a timer, as in a process that was frozen and has just been woken. */
  freeze(ms: number): void {
    this.#moveTo(this.#monotonic + ms);
  }

  #moveTo(at: number): void {
    this.#now += at - this.#monotonic;
    this.#monotonic = at;
  }
}

type Entry = [number, { at: number; callback: () => void }];

function byTime(a: Entry, b: Entry): number {
  return a[1].at - b[1].at || a[0] - b[0];
}

/** Lets every promise that can settle do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
