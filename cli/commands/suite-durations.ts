import { cpuRate, type SuiteDuration, suiteDurations } from '@backendai-e2e/results/history/suite-durations';
import { plainLine } from '@backendai-e2e/results/plain-text';
import { type PlannedDuration, plannedDurations } from '../catalog/durations.ts';
import { readTimings } from '../catalog/timings.ts';
import { defaultHistory } from '../history/default-folder.ts';
import { readHistory } from '../history/history-folder.ts';

/** Newest files of the history that are read. A duration is the median of ten comparable runs at most. */
const MOST_FILES = 100;

/** What a run is planned with. */
export interface KnownDurations {
  durations: Map<string, PlannedDuration>;
  /** CPU seconds for each second that a suite runs; undefined where too few runs of the history have them. */
  cpu: SuiteDuration | undefined;
  /** What kept the history from being read, a sentence each. */
  troubles: string[];
}

/**
 * The durations with which suites are planned. Throws for timings that cannot be read: they are a part of the checkout.
 * @param environments number of environments of the run
 */
export async function readDurations(
  names: readonly string[],
  {
    root,
    environments,
    history = defaultHistory(),
  }: { root: string; environments: number; history?: string },
): Promise<KnownDurations> {
  const timings = await readTimings(root);
  try {
    const { records, troubles } = await readHistory(history, MOST_FILES);
    const known = suiteDurations(records, environments);
    const durations = plannedDurations(names, known, timings);
    return { durations, cpu: cpuRate(records, environments), troubles };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const trouble = plainLine(`durations are not taken from the history ${history}: ${why}`);
    const durations = plannedDurations(names, new Map(), timings);
    return { durations, cpu: undefined, troubles: [trouble] };
  }
}
