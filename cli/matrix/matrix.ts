import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { nameOf, type TestRecord } from '@backendai-e2e/results/test-record';
import { isInterrupted, type Trial } from '../series/trial.ts';
import type { Column } from './columns.ts';

/** A column with its trial; without one, the matrix did not get that far. */
export interface TriedColumn extends Column {
  trial?: Trial;
}

/** One suite on one Backend.AI; undefined: it has no result there. */
export interface Cell {
  verdict: Verdict;
  passed: number;
  /** Tests that ran, or should have. */
  total: number;
}

/** A test whose state differs between two columns. */
export interface Change {
  suite: string;
  test: string;
  /** Absent where the test left no record. */
  before?: TestRecord['state'];
  after?: TestRecord['state'];
}

/** What changed from one column with results to the next. */
export interface Step {
  from: string;
  to: string;
  changes: readonly Change[];
}

/** Suites by Backend.AIs. A row has a cell for each column, undefined where the suite did not run. */
export interface Matrix {
  columns: readonly TriedColumn[];
  rows: readonly { suite: string; cells: readonly (Cell | undefined)[] }[];
  steps: readonly Step[];
}

/** Version × suite, and what changed from column to column. Pure. */
export function matrixOf(columns: readonly TriedColumn[]): Matrix {
  const suites = [...new Set(columns.flatMap(({ trial }) => [...(trial?.verdicts.keys() ?? [])]))].sort();
  const rows = suites.map((suite) => ({ suite, cells: columns.map(({ trial }) => cellOf(suite, trial)) }));
  // A column that did not deploy has nothing to compare with.
  const tried = columns.filter(({ trial }) => trial && trial.why === undefined);
  const steps = tried.slice(1).map((column, index) => stepOf(tried[index] ?? column, column));
  return { columns, rows, steps };
}

/**
 * The exit code of a matrix: the worst of its columns that are not informational. 2 is worse than 1. An interruption counts for
 * every column. Pure.
 */
export function exitCodeOf(columns: readonly TriedColumn[]): Trial['code'] {
  if (columns.some(({ trial }) => trial && isInterrupted(trial))) return COMMAND_EXIT.interrupted;
  const codes = columns
    .filter(({ informational }) => !informational)
    .map(({ trial }) => trial?.code ?? COMMAND_EXIT.couldNotRun);
  return (
    [COMMAND_EXIT.couldNotRun, COMMAND_EXIT.failed].find((code) => codes.includes(code)) ??
    COMMAND_EXIT.passed
  );
}

function cellOf(suite: string, trial: Trial | undefined): Cell | undefined {
  const verdict = trial?.verdicts.get(suite);
  if (!trial || !verdict) return undefined;
  const tests = trial.tests.get(suite) ?? [];
  return { verdict, passed: tests.filter(({ state }) => state === 'passed').length, total: tests.length };
}

function stepOf(from: TriedColumn, to: TriedColumn): Step {
  const [before, after] = [statesOf(from.trial), statesOf(to.trial)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  const changes = keys.flatMap((key): Change[] => {
    const [was, is] = [before.get(key), after.get(key)];
    const seen = was ?? is;
    if (!seen || was?.state === is?.state) return [];
    return [
      {
        ...{ suite: seen.suite, test: seen.test },
        ...(was ? { before: was.state } : {}),
        ...(is ? { after: is.state } : {}),
      },
    ];
  });
  return { from: from.backendAi, to: to.backendAi, changes };
}

/** State of each test, by suite, file and title. */
function statesOf(
  trial: Trial | undefined,
): Map<string, { suite: string; test: string; state: TestRecord['state'] }> {
  return new Map(
    [...(trial?.tests ?? [])].flatMap(([suite, tests]) =>
      tests.map((test) => [`${suite}\n${nameOf(test)}`, { suite, test: nameOf(test), state: test.state }]),
    ),
  );
}
