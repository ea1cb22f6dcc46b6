import { conditionOf } from '@backendai-e2e/api/conditions';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { environmentsOf, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';
import { TEST_MARKS } from '@backendai-e2e/api/verdict';
import { seconds } from '@backendai-e2e/results/duration';
import { junitReporter } from '@backendai-e2e/results/junit';
import { reported } from '@backendai-e2e/results/reporter';
import { runRecord } from '@backendai-e2e/results/run-record';
import { firstLine, nameOf } from '@backendai-e2e/results/test-record';
import { isFinished } from '../runs/follow.ts';
import { type Shown, tableOf } from '../terminal/output.ts';
import { fitted } from '../terminal/table.ts';
import { summaryTable } from './summary.ts';

/** Runs, newest first. */
export function newestFirst(runs: readonly TestRun[]): TestRun[] {
  return [...runs].sort(
    (a, b) =>
      (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '') ||
      b.metadata.name.localeCompare(a.metadata.name),
  );
}

/** The list of runs: a row each. `now` is for their age. */
export function listOfRuns(runs: readonly TestRun[], now: Date): Shown {
  const rows = runs.map(({ metadata, spec, status }) => [
    metadata.name,
    environmentsOf({ spec }).join(', '),
    status?.phase ?? 'New',
    status?.verdict ?? '',
    status?.suiteCounts ? `${status.suiteCounts.passed}/${status.suiteCounts.total}` : '',
    status?.counts ? String(status.counts.passed) : '',
    status?.counts ? String(status.counts.failed) : '',
    spanOf(status?.startedAt, status?.finishedAt),
    metadata.creationTimestamp ? age(metadata.creationTimestamp, now) : '',
  ]);
  return tableOf(
    ['run', 'environment', 'phase', 'verdict', 'suites', 'passed', 'failed', 'time', 'age'],
    rows,
    runs,
  );
}

/** One run with its suites, and the tests that did not pass with the first line of their errors. */
export function oneRun(run: TestRun, reports: readonly TestReport[]): Shown {
  return {
    data: { run, reports },
    junit: () => reported(junitReporter, runRecord({ run, reports })),
    table: (columns) => {
      const succeeded = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded);
      return [
        `${run.metadata.name} in environment ${environmentsOf(run).join(', ')}: ${run.status?.phase ?? 'New'}`,
        ...(succeeded ? [`${succeeded.reason}: ${succeeded.message}`] : []),
        '',
        ...summaryTable(run, columns),
        ...troubleLines(run, reports, columns),
      ];
    },
  };
}

function troubleLines(run: TestRun, reports: readonly TestReport[], columns: number | undefined): string[] {
  const last = new Set((run.status?.suites ?? []).map((suite) => suite.report));
  const rows = reports
    .filter((report) => last.has(report.metadata.name))
    .flatMap((report) => report.status?.tests ?? [])
    .filter((test) => test.state !== 'passed' && test.state !== 'pending')
    .map((test) => [TEST_MARKS[test.state], nameOf(test), firstLine(test.error)]);
  return rows.length === 0 ? [] : ['', ...fitted(['', 'test', 'error'], rows, columns)];
}

/** The run by that name, or the newest (of those that fit). Throws an Error that lists what there is. */
export function chooseRun(
  runs: readonly TestRun[],
  name: string | undefined,
  which: 'any' | 'finished' = 'any',
): TestRun {
  const sorted = newestFirst(runs);
  const found = name
    ? sorted.find((run) => run.metadata.name === name)
    : sorted.find((run) => which === 'any' || isFinished(run));
  if (found) return found;
  const some = sorted.slice(0, 5).map((run) => run.metadata.name);
  const there = some.length > 0 ? `the newest are: ${some.join(', ')}` : 'there is none at all';
  throw new Error(`there is no ${name ? `TestRun "${name}"` : `${which} TestRun`} here; ${there}`);
}

/** "12 s", "4 min", "3 h", "2 d" since a moment. */
export function age(moment: string, now: Date): string {
  const passed = Math.max(0, (now.getTime() - Date.parse(moment)) / 1000);
  if (passed < 120) return `${Math.round(passed)} s`;
  if (passed < 7_200) return `${Math.round(passed / 60)} min`;
  if (passed < 172_800) return `${Math.round(passed / 3_600)} h`;
  return `${Math.round(passed / 86_400)} d`;
}

function spanOf(from: string | undefined, to: string | undefined): string {
  if (!from || !to) return '';
  return seconds((Date.parse(to) - Date.parse(from)) / 1000);
}
