import type { Clock } from '@backendai-e2e/kube/clock';

/** Milliseconds without work after which this process counts as idle. */
const IDLE_MS = 20_000;

/** Calls back once after each period of work, when no work has followed for a while. */
export class WhenIdle {
  readonly #clock: Clock;
  readonly #then: () => void;
  readonly #afterMs: number;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, then: () => void, afterMs = IDLE_MS) {
    this.#clock = clock;
    this.#then = then;
    this.#afterMs = afterMs;
  }

  /** Records that work was done. */
  worked(): void {
    this.#cancel?.();
    this.#cancel = this.#clock.setTimer(this.#afterMs, this.#then);
  }

  /** Stops calling back. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** V8's collector, as `--expose-gc` gives it. */
type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/**
 * Returns memory that V8 holds after work. V8 collects only when it needs memory, so that mostly empty pages would stay until
 * the next work. Takes less than 0.1 s for the heap of an operator. Does nothing in a process without --expose-gc.
 */
export function giveMemoryBack(): void {
  const { gc } = globalThis as { gc?: Collect };
  gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
