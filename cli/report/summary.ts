import { environmentsOf, type TestRun } from '@backendai-e2e/api/test-run';
import { seconds } from '@backendai-e2e/results/duration';
import { fitted, table } from '../terminal/table.ts';

/** The figures of a job, as phases.json holds them. */
export interface JobFigures {
  phases: readonly { name: string; seconds: number }[];
  /** Seconds from the start of the command to the start of the first Mocha test; absent when none started. */
  firstTestSeconds?: number;
  totalSeconds: number;
  /** Highest memory of the node seen, bytes without page cache; absent when it could not be read. */
  peakMemoryBytes?: number;
}

/** The table of suites with a line of totals, for a terminal of so many columns (undefined: no limit). */
export function summaryTable(run: TestRun, columns?: number): string[] {
  const suites = run.status?.suites ?? [];
  const several = environmentsOf(run).length > 1;
  const where = (name: string) => (several ? [name] : []);
  const rows = suites.map((suite) => [
    suite.name,
    ...where(suite.environment ?? ''),
    suite.verdict ?? suite.state,
    count(suite.counts?.passed),
    count(suite.counts?.failed),
    count(suite.counts?.knownIssue),
    count(suite.counts?.pending),
    count(suite.counts?.interrupted),
    suite.seconds === undefined ? '' : seconds(suite.seconds),
    suite.attempt > 1 ? `attempt ${suite.attempt}` : (suite.reason ?? ''),
  ]);
  const total = run.status?.counts;
  const sums = [
    `${suites.length} suites`,
    ...where(''),
    run.status?.verdict ?? '',
    count(total?.passed),
    count(total?.failed),
    count(total?.knownIssue),
    count(total?.pending),
    count(total?.interrupted),
    '',
    '',
  ];
  return fitted(
    [
      'suite',
      ...where('environment'),
      'verdict',
      'passed',
      'failed',
      'known',
      'skipped',
      'interrupted',
      'time',
      '',
    ],
    [...rows, sums],
    columns,
  );
}

/** The table of phases. */
export function phaseTable(figures: JobFigures): string[] {
  const rows = figures.phases.map((phase) => [phase.name, phase.seconds.toFixed(1)]);
  if (figures.firstTestSeconds !== undefined) {
    rows.push(['start → first test', figures.firstTestSeconds.toFixed(1)]);
  }
  rows.push(['total', figures.totalSeconds.toFixed(1)]);
  const lines = table(['phase', 'seconds'], rows);
  return figures.peakMemoryBytes === undefined
    ? lines
    : [...lines, `memory of the node at its peak: ${(figures.peakMemoryBytes / 2 ** 30).toFixed(2)} GiB`];
}

function count(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}
