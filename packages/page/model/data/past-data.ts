import type { Verdict } from '@backendai-e2e/api/verdict';

/**
 * The runs before this one, as the page shows them: plain data, columns of runs by rows of suites. The newest run comes first,
 * and it is the run of the page. A row holds one letter for each run (see cells.ts), so that 1,000 runs stay small.
 */
export interface PastData {
  runs: readonly PastRun[];
  /** Sets of versions and digests. Runs name theirs by its place. */
  parts: readonly (readonly PastPart[])[];
  suites: readonly PastRow[];
  flaky: readonly FlakyRow[];
  /** How many more tests are on the flaky board. */
  moreFlaky: number;
  issues: readonly IssueRow[];
  trends: readonly Trend[];
}

/** A column of the past: one run, with its number of tests by result. */
export interface PastRun {
  name: string;
  /** Milliseconds since 1970. */
  at: number;
  verdict?: Verdict;
  seconds?: number;
  passed: number;
  bad: number;
  known: number;
  pace?: number;
  backendAi: string;
  /** Place of its set of parts. */
  parts: number;
}

/** A component or a tester with its version and the start of its digest. */
export interface PastPart {
  name: string;
  is: string;
}

/** A suite or a test over the runs. */
export interface PastRow {
  name: string;
  /** A letter for each run, newest first. */
  cells: string;
  /** Hundredths of a second for each run; -1 where it has none. */
  times: readonly number[];
}

/** Identifier of the block with {@link PastTests}. */
export const PAST_TESTS = 'past-tests';

/** The tests of the suites, in the order of {@link PastData.suites}. It lies in a block of its own, read on demand. */
export interface PastTests {
  suites: readonly (readonly PastTestRow[])[];
  /** Each first line of an error once. */
  errors: readonly string[];
}

/** A test in the past: its state in each run, and its errors. */
export interface PastTestRow extends PastRow {
  /** Suite file. The name is the full title. */
  file: string;
  /** Place of a run, and of its error. */
  errors: readonly (readonly [run: number, error: number])[];
}

/** A test whose results contradict each other. Rates are 0 to 1. */
export interface FlakyRow {
  suite: string;
  title: string;
  /** Letters of its last results, newest first. */
  cells: string;
  runs: number;
  share: number;
  low: number;
  high: number;
  flips: number;
  disagreements: number;
  recovered: number;
  error: string;
}

/** A known issue that showed in the last runs. */
export interface IssueRow {
  issue: string;
  /** Last day of its entry. */
  until: string;
  overdue: boolean;
  /** Whether it showed in the run of the page. */
  shows: boolean;
  tests: number;
  /** Results of its tests in the last runs, and how many of them failed as listed. */
  results: number;
  failed: number;
  budget?: { most: number; of: number };
}

/** A duration or a measurement over the runs. */
export interface Trend {
  kind: 'suite' | 'measurement';
  suite: string;
  name: string;
  unit: string;
  /** Oldest first; the last is that of the run of the page. */
  values: readonly number[];
  median: number;
  low: number;
  high: number;
  /** Above this the regression gate closes; absent with too few runs. */
  limit?: number;
  beyond: boolean;
}
