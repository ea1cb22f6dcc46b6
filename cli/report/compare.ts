import type { ReportedTest, TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { seconds } from '../runs/progress.ts';
import type { Shown } from '../terminal/output.ts';
import { fitted } from '../terminal/table.ts';

/** A run with its reports. */
export interface WholeRun {
  run: TestRun;
  reports: readonly TestReport[];
}

/** A test whose outcome or time changed. */
export interface TestChange {
  suite: string;
  file: string;
  title: string;
  before?: ReportedTest['state'];
  after?: ReportedTest['state'];
  secondsBefore?: number;
  secondsAfter?: number;
}

/** What changed between two runs, test by test. Lists are sorted by suite, file and title. */
export interface Comparison {
  before: string;
  after: string;
  /** Passed then, does not pass now. */
  broke: TestChange[];
  /** Did not pass then, passes now. */
  fixed: TestChange[];
  /** Did not pass in either. */
  stillBad: TestChange[];
  added: TestChange[];
  gone: TestChange[];
  /** Passed in both and takes more than twice as long, and at least 2 s more: less is the machine's noise. */
  slower: TestChange[];
}

const SLOWER_FACTOR = 2;
const SLOWER_SECONDS = 2;

/**
 * Compares two runs, of each suite the deciding attempt. A test is known by its suite, file and title; in the words of
 * this comparison known issues and tests that the suite skipped are neither good nor bad. Pure.
 */
export function comparison(before: WholeRun, after: WholeRun): Comparison {
  const then = testsOf(before);
  const now = testsOf(after);
  const result: Comparison = {
    before: before.run.metadata.name,
    after: after.run.metadata.name,
    broke: [],
    fixed: [],
    stillBad: [],
    added: [],
    gone: [],
    slower: [],
  };
  for (const [key, is] of [...now].sort(([a], [b]) => a.localeCompare(b))) {
    const was = then.get(key);
    const change: TestChange = {
      suite: is.suite,
      file: is.test.file,
      title: is.test.title,
      ...(was ? { before: was.test.state, secondsBefore: was.test.seconds } : {}),
      after: is.test.state,
      secondsAfter: is.test.seconds,
    };
    if (!was) result.added.push(change);
    else if (was.test.state === 'passed' && isBad(is.test)) result.broke.push(change);
    else if (isBad(was.test) && is.test.state === 'passed') result.fixed.push(change);
    else if (isBad(was.test) && isBad(is.test)) result.stillBad.push(change);
    else if (isSlower(was.test, is.test)) result.slower.push(change);
  }
  for (const [key, was] of [...then].sort(([a], [b]) => a.localeCompare(b))) {
    if (now.has(key)) continue;
    const { file, title, state } = was.test;
    result.gone.push({ suite: was.suite, file, title, before: state, secondsBefore: was.test.seconds });
  }
  return result;
}

/** A comparison as a result of a command. */
export function compared(result: Comparison): Shown {
  const part = (heading: string, changes: readonly TestChange[], columns: number | undefined): string[] =>
    changes.length === 0
      ? []
      : [
          `${heading} (${changes.length}):`,
          ...fitted(
            ['test', 'before', 'after'],
            changes.map((one) => [
              `${one.file}: ${one.title}`,
              told(one.before, one.secondsBefore),
              told(one.after, one.secondsAfter),
            ]),
            columns,
          ),
          '',
        ];
  return {
    data: result,
    table: (columns) => [
      `from ${result.before} to ${result.after}: ${result.broke.length} broke, ${result.fixed.length} fixed, ` +
        `${result.stillBad.length} still bad, ${result.added.length} new, ${result.gone.length} gone, ${result.slower.length} slower`,
      '',
      ...part('broke', result.broke, columns),
      ...part('fixed', result.fixed, columns),
      ...part('still bad', result.stillBad, columns),
      ...part('slower', result.slower, columns),
      ...part('new', result.added, columns),
      ...part('gone', result.gone, columns),
    ],
  };
}

function testsOf({ run, reports }: WholeRun): Map<string, { suite: string; test: ReportedTest }> {
  // By its line in the run: a suite that is last has one for each environment.
  const deciding = new Map((run.status?.suites ?? []).map(({ name, report }) => [report, name]));
  return new Map(
    reports.flatMap(({ metadata, status }) => {
      const suite = deciding.get(metadata.name);
      if (suite === undefined) return [];
      return (status?.tests ?? []).map(
        (test) => [`${suite}\n${test.file}\n${test.title}`, { suite, test }] as const,
      );
    }),
  );
}

function isBad(test: ReportedTest): boolean {
  return test.state === 'failed' || test.state === 'inconclusive' || test.state === 'interrupted';
}

function isSlower(was: ReportedTest, is: ReportedTest): boolean {
  if (was.state !== 'passed' || is.state !== 'passed') return false;
  return is.seconds > was.seconds * SLOWER_FACTOR && is.seconds - was.seconds >= SLOWER_SECONDS;
}

function told(state: string | undefined, time: number | undefined): string {
  return state === undefined ? '' : `${state}${time === undefined ? '' : `, ${seconds(time)}`}`;
}
