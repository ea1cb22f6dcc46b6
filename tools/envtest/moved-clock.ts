import { type Clock, systemClock } from '@backendai-e2e/kube/clock';

/** The system's clock, set to another time while everything runs. */
export class MovedClock implements Clock {
  #byMs = 0;

  /** By that many hours, back when negative. */
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
