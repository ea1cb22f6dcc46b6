import type { SuiteDuration } from '@backendai-e2e/results/history/suite-durations';
import { TIMINGS_FILE } from './timings.ts';

/** Assumed seconds of a suite without a known duration. */
export const UNKNOWN_SECONDS = 120;

/** How long a suite is expected to take, and how that is known. */
export interface PlannedDuration {
  /** Whole seconds, at least 1. */
  seconds: number;
  from: 'history' | 'timings' | 'assumed';
  /** Number of runs of the history that it is the median of. */
  runs?: number;
}

/**
 * The duration of each named suite: from the history, else from {@link TIMINGS_FILE}, else {@link UNKNOWN_SECONDS}. Pure.
 * @param history durations that the history knows
 * @param timings seconds by name
 */
export function plannedDurations(
  names: readonly string[],
  history: ReadonlyMap<string, SuiteDuration>,
  timings: ReadonlyMap<string, number>,
): Map<string, PlannedDuration> {
  return new Map(
    names.map((name): [string, PlannedDuration] => {
      const past = history.get(name);
      if (past) return [name, { seconds: whole(past.seconds), from: 'history', runs: past.runs }];
      const timed = timings.get(name);
      if (timed !== undefined) return [name, { seconds: whole(timed), from: 'timings' }];
      return [name, { seconds: UNKNOWN_SECONDS, from: 'assumed' }];
    }),
  );
}

/** Seconds by name, for the order of suites. */
export function secondsOf(durations: ReadonlyMap<string, PlannedDuration>): Map<string, number> {
  return new Map([...durations].map(([name, { seconds }]) => [name, seconds]));
}

/** Where a duration comes from, for people. */
export function sourceInWords({ from, runs }: PlannedDuration): string {
  switch (from) {
    case 'history':
      return `history, ${runs} runs`;
    case 'timings':
      return TIMINGS_FILE;
    case 'assumed':
      return 'assumed';
  }
}

function whole(seconds: number): number {
  return Math.max(1, Math.round(seconds));
}
