import type { Clock } from '@backendai-e2e/kube/clock';

/** Milliseconds without work after which this process counts as idle. */
const IDLE_MS = 20_000;

/** Calls something once each time when work has been followed by a while without any. */
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

  /** Something was done just now. */
  worked(): void {
    this.#cancel?.();
    this.#cancel = this.#clock.setTimer(this.#afterMs, this.#then);
  }

  /** Nothing is called any more. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** V8's collector, as `--expose-gc` gives it. */
type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/**
 * Gives memory back that V8 holds after work: it collects when it needs room, and never when nothing happens, so that pages that
 * are mostly empty would stay until the next work. Takes less than 0.1 s for the heap of an operator. Does nothing in a
 * process that was started without --expose-gc.
 */
export function giveMemoryBack(): void {
  const { gc } = globalThis as { gc?: Collect };
  gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
