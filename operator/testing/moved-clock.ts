import { type Clock, systemClock } from '../runtime/clock.ts';

/** The system's clock, set to another time while everything runs. Time spans are those of the system. */
export class MovedClock implements Clock {
  #byMs = 0;

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
