import { inOrder } from './comparable.ts';
import type { HistoryRecord, HistorySuite } from './record.ts';
import { medianOf, WINDOW } from './spread.ts';

/** How long a suite took in the runs of a history. */
export interface SuiteDuration {
  /** Median, seconds. */
  seconds: number;
  /** Number of runs that it was taken from. */
  runs: number;
}

/** A median of fewer runs is one of chance: one of two values may be that of a busy machine. */
export const LEAST_RUNS = 3;

/** A suite that ended in another way did not do all of its work. */
const WHOLE: ReadonlySet<string | undefined> = new Set<HistorySuite['verdict']>(['Passed', 'KnownIssue']);

/**
 * The duration of each suite: the median of the newest comparable runs, ten at most. Runs with an expression ran a part of a
 * suite. Runs in another number of environments shared the machine differently. A suite with fewer than
 * {@link LEAST_RUNS} such runs is absent. Pure.
 * @param environments number of environments of the run that is planned
 */
export function suiteDurations(
  records: readonly HistoryRecord[],
  environments: number,
): Map<string, SuiteDuration> {
  const seen = new Map<string, number[]>();
  for (const record of inOrder(records).reverse()) {
    if (record.grep !== undefined || record.environments.length !== environments) continue;
    for (const { name, verdict, seconds } of record.suites) {
      if (!WHOLE.has(verdict) || seconds === undefined || seconds <= 0) continue;
      const values = seen.get(name) ?? [];
      seen.set(name, values.length < WINDOW.most ? [...values, seconds] : values);
    }
  }
  return new Map(
    [...seen].flatMap(([name, values]) => {
      const median = values.length < LEAST_RUNS ? undefined : medianOf(values);
      return median === undefined ? [] : [[name, { seconds: median, runs: values.length }] as const];
    }),
  );
}

/**
 * CPU seconds of the machine for each second that a suite ran. It is the median of the newest comparable runs with a cost.
 * Undefined for fewer than {@link LEAST_RUNS}. The environments' own work is a part of it. Pure.
 */
export function cpuRate(records: readonly HistoryRecord[], environments: number): SuiteDuration | undefined {
  const rates = inOrder(records)
    .reverse()
    .filter(({ grep, environments: places }) => grep === undefined && places.length === environments)
    .flatMap(({ cost, suites }) => {
      const busy = suites.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
      return cost && busy > 0 && cost.cpuSeconds > 0 ? [cost.cpuSeconds / busy] : [];
    })
    .slice(0, WINDOW.most);
  const median = rates.length < LEAST_RUNS ? undefined : medianOf(rates);
  return median === undefined ? undefined : { seconds: median, runs: rates.length };
}
