import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { plainLine } from '@backendai-e2e/results/plain-text';
import { runRecord } from '@backendai-e2e/results/run-record';
import type { JobFigures, JobRecord } from '../collect/job-record.ts';
import { type Ending, lastLine } from '../runs/ending.ts';
import { table } from '../terminal/table.ts';
import { explainFailure } from './explain.ts';
import { podTroubles } from './pod-troubles.ts';
import { suiteTable } from './terminal-summary.ts';

/** What the report reads of a job's clock: seconds since the job began, and seconds of each phase. */
export interface JobTimes {
  elapsed(): number;
  /** Seconds from the start of the job to an RFC 3339 time, or undefined. */
  secondsUntil(time: string | undefined): number | undefined;
  rows(): JobFigures['phases'];
}

/** The figures of a job that is over. */
export function figuresOf(clock: JobTimes, { seen, peakMemoryBytes }: JobRecord): JobFigures {
  const starts = seen.reports.flatMap((report) => report.status?.startedAt ?? []).sort();
  const firstTest = clock.secondsUntil(starts[0]);
  return {
    phases: clock.rows(),
    // Before the command began: it attached to a run that was under way.
    ...(firstTest === undefined || firstTest < 0 ? {} : { firstTestSeconds: tenths(firstTest) }),
    totalSeconds: tenths(clock.elapsed()),
    ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }),
  };
}

/**
 * Everything that a person reads at the end, top to bottom. The last line has the exit code, its meaning and why.
 * @param schedule lines on how well the run used its places
 */
export function jobEndLines(
  ending: Ending,
  { seen, collected }: Pick<JobRecord, 'seen' | 'collected'>,
  figures: JobFigures,
  schedule: readonly string[] = [],
): string[] {
  const { run, reports } = seen;
  const failed = ending.code === COMMAND_EXIT.failed || ending.code === COMMAND_EXIT.couldNotRun;
  const { pods = [], logs = [], events = [], printed = new Map() } = collected ?? {};
  return [
    '',
    ...(run?.status?.suites?.length ? [...suiteTable(runRecord({ run, reports })), ''] : []),
    ...(failed ? explainFailure({ ...seen, logs, events, printed }).map(plainLine) : []),
    ...(failed ? podTroubles(pods, logs).map(plainLine) : []),
    '',
    ...(schedule.length > 0 ? [...schedule, ''] : []),
    ...phaseTable(figures),
    '',
    lastLine(ending),
  ];
}

function phaseTable({ phases, firstTestSeconds, totalSeconds, peakMemoryBytes }: JobFigures): string[] {
  const rows = phases.map(({ name, seconds }) => [name, seconds.toFixed(1)]);
  if (firstTestSeconds !== undefined) rows.push(['start → first test', firstTestSeconds.toFixed(1)]);
  rows.push(['total', totalSeconds.toFixed(1)]);
  const lines = table(['phase', 'seconds'], rows);
  return peakMemoryBytes === undefined
    ? lines
    : [...lines, `peak memory of the node: ${(peakMemoryBytes / 2 ** 30).toFixed(2)} GiB`];
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
