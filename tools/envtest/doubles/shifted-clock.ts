import { type Clock, systemClock } from '@backendai-e2e/kube/clock';

/** The system clock with an offset that a test can change while the operator runs. */
export class ShiftedClock implements Clock {
  #byMs = 0;

  /** Shifts the clock by a number of hours; a negative number sets it back. */
  move(hours: number): void {
    this.#byMs += hours * 3_600_000;
  }

  now(): Date {
    return new Date(Date.now() + this.#byMs);
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  setTimer(ms: number, callback: () => void): () => void {
    return systemClock.setTimer(ms, callback);
  }
}
