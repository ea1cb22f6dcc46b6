import { environmentsOf, isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { seconds } from '@backendai-e2e/results/duration';
import { junitReporter } from '@backendai-e2e/results/junit';
import { reported } from '@backendai-e2e/results/reporter';
import { type RunObjects, runRecord } from '@backendai-e2e/results/run-record';
import { type Shown, tableOf } from '../terminal/output.ts';
import { terminalReporter } from './terminal-summary.ts';

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

/**
 * One run with its suites, and the tests that did not pass with the first line of their errors.
 * @param more lines for people, below
 */
export function oneRun(objects: RunObjects, more: readonly string[] = []): Shown {
  const record = runRecord(objects);
  return {
    data: { run: objects.run, reports: objects.reports },
    junit: () => reported(junitReporter, record),
    table: (columns) => [...reported(terminalReporter(columns), record).trimEnd().split('\n'), ...more],
  };
}

/**
 * The run of that name, or the newest one.
 * @param which 'finished': without a name, only a run that has ended
 * @throws Error that lists the newest runs
 */
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
  const missing = name
    ? `TestRun "${name}" does not exist`
    : which === 'any'
      ? 'no TestRun exists'
      : 'no TestRun has ended';
  const newest = some.length > 0 ? `; the newest are: ${some.join(', ')}` : '';
  throw new Error(`${missing} in this namespace${newest}`);
}

/** Time since an RFC 3339 time, for people: "12 s", "4 min", "3 h", "2 d". */
function age(time: string, now: Date): string {
  const passed = Math.max(0, (now.getTime() - Date.parse(time)) / 1000);
  if (passed < 120) return `${Math.round(passed)} s`;
  if (passed < 7_200) return `${Math.round(passed / 60)} min`;
  if (passed < 172_800) return `${Math.round(passed / 3_600)} h`;
  return `${Math.round(passed / 86_400)} d`;
}

function spanOf(from: string | undefined, to: string | undefined): string {
  if (!from || !to) return '';
  return seconds((Date.parse(to) - Date.parse(from)) / 1000);
}
