import { TEST_MARKS } from '@backendai-e2e/api/verdict';
import { seconds } from '@backendai-e2e/results/duration';
import { plainLine } from '@backendai-e2e/results/plain-text';
import type { MakeReporter } from '@backendai-e2e/results/reporter';
import type { RunRecord, SuiteRecord } from '@backendai-e2e/results/run-record';
import { firstLine, isBad, nameOf } from '@backendai-e2e/results/test-record';
import { fitted } from '../terminal/table.ts';

/**
 * A run for a terminal, written at its end. It says where it ran and what its condition says, and has the table of suites. The
 * tests that did not pass follow, with the first line of their errors.
 * @param columns width of the terminal; undefined: no limit
 */
export function terminalReporter(columns: number | undefined): MakeReporter {
  return (write) => ({
    runEnded(run) {
      const { name, environments, backendAi, phase = 'New', succeeded } = run;
      const lines = [
        plainLine(`${name} in environment ${environments.join(', ')}: ${phase}`),
        ...(backendAi.length > 0 ? [plainLine(`Backend.AI ${backendAi.join(', ')}`)] : []),
        ...(succeeded ? [plainLine(`${succeeded.reason}: ${succeeded.message}`)] : []),
        '',
        ...suiteTable(run, columns),
        ...testTable(run, columns),
      ];
      for (const line of lines) write(`${line}\n`);
    },
  });
}

/** A column of the table of suites: its head, its cell for a suite, and its cell for totals. */
interface Column {
  head: string;
  cell(suite: SuiteRecord): string | number | undefined;
  total?(run: RunRecord): string | number | undefined;
}

/** The counts that have a column, with its head. */
const COUNTS = [
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['knownIssue', 'known'],
  ['pending', 'skipped'],
  ['interrupted', 'interrupted'],
] as const;

const COLUMNS: readonly Column[] = [
  { head: 'suite', cell: ({ name }) => name, total: ({ suites }) => `${suites.length} suites` },
  { head: 'environment', cell: ({ environment }) => environment },
  { head: 'verdict', cell: ({ verdict, state }) => verdict ?? state, total: ({ verdict }) => verdict },
  ...COUNTS.map(([key, head]) => ({
    head,
    cell: ({ counts }: SuiteRecord) => counts?.[key],
    total: ({ counts }: RunRecord) => counts?.[key],
  })),
  { head: 'time', cell: (suite) => (suite.seconds === undefined ? undefined : seconds(suite.seconds)) },
  { head: '', cell: ({ attempt, reason }) => (attempt > 1 ? `attempt ${attempt}` : reason) },
];

/** The table of suites with a line of totals. The environment has a column in a run with several. */
export function suiteTable(run: RunRecord, columns?: number): string[] {
  const shown = COLUMNS.filter(({ head }) => head !== 'environment' || run.environments.length > 1);
  const rows = run.suites.map((suite) => shown.map(({ cell }) => String(cell(suite) ?? '')));
  const totals = shown.map(({ total }) => String(total?.(run) ?? ''));
  const heads = shown.map(({ head }) => head);
  return fitted(heads, [...rows, totals], columns);
}

function testTable({ suites }: RunRecord, columns: number | undefined): string[] {
  const notable = suites
    .flatMap(({ tests }) => tests)
    .filter(({ state }) => state !== 'passed' && state !== 'pending');
  // A run may have fifty known issues, and a reader looks for what failed.
  const rows = [...notable.filter(isBad), ...notable.filter((test) => !isBad(test))].map((test) => [
    TEST_MARKS[test.state],
    nameOf(test),
    firstLine(test.error),
  ]);
  return rows.length === 0 ? [] : ['', ...fitted(['', 'test', 'error'], rows, columns)];
}
