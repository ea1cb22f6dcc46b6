/** The phases of a job, in their order. "first test" is none: it counts from the start of the job. */
export const PHASES = [
  'doctor',
  'tools',
  'engine',
  'images',
  'cluster',
  'operator',
  'environment',
  'suites',
  'collect',
  'clean-up',
] as const;
export type PhaseName = (typeof PHASES)[number];

/** How long a phase of a job took. */
export interface PhaseRow {
  name: string;
  seconds: number;
}

/** Measures phases; one may be entered several times, its seconds add up. Times are milliseconds of a monotonic clock. */
export class PhaseClock {
  readonly #now: () => number;
  readonly #start: number;
  readonly #wallStart: number;
  readonly #spent = new Map<PhaseName, number>();

  constructor(now: () => number = () => performance.now(), wallNow: () => number = Date.now) {
    this.#now = now;
    this.#start = now();
    this.#wallStart = wallNow();
  }

  /** Runs `body` and adds its time to the phase, whether it succeeds or not. */
  async measure<T>(phase: PhaseName, body: () => Promise<T>): Promise<T> {
    const from = this.#now();
    try {
      return await body();
    } finally {
      this.add(phase, (this.#now() - from) / 1000);
    }
  }

  /**
   * Adds seconds to a phase. With `from`, takes them from that phase, even while it is still measured.
   */
  add(phase: PhaseName, seconds: number, from?: PhaseName): void {
    this.#spent.set(phase, (this.#spent.get(phase) ?? 0) + seconds);
    if (from) this.#spent.set(from, (this.#spent.get(from) ?? 0) - seconds);
  }

  /** Seconds since the job began. */
  elapsed(): number {
    return (this.#now() - this.#start) / 1000;
  }

  /** Seconds from the start of the job to a wall-clock time (RFC 3339, same machine), or undefined. */
  secondsUntil(time: string | undefined): number | undefined {
    const at = time === undefined ? Number.NaN : Date.parse(time);
    return Number.isNaN(at) ? undefined : (at - this.#wallStart) / 1000;
  }

  /** One row for each phase that was entered, in the order of PHASES. */
  rows(): PhaseRow[] {
    return PHASES.flatMap((name) => {
      const seconds = this.#spent.get(name);
      return seconds === undefined ? [] : [{ name, seconds: Math.round(seconds * 10) / 10 }];
    });
  }
}
