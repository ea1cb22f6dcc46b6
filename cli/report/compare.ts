import { seconds } from '@backendai-e2e/results/duration';
import type { RunRecord } from '@backendai-e2e/results/run-record';
import { isBad, nameOf, type TestIdentity, type TestRecord } from '@backendai-e2e/results/test-record';
import type { Shown } from '../terminal/output.ts';
import { fitted } from '../terminal/table.ts';

/** A test whose outcome or time changed. */
export interface TestChange extends TestIdentity {
  suite: string;
  before?: TestRecord['state'];
  after?: TestRecord['state'];
  secondsBefore?: number;
  secondsAfter?: number;
}

/** What changed between two runs, test by test. Lists are sorted by suite, file and title. */
export interface Comparison {
  before: string;
  after: string;
  /** What each run tested: every Backend.AI that its suites met. */
  backendAi: { before: readonly string[]; after: readonly string[] };
  /** Passed before, is bad after. */
  broke: TestChange[];
  /** Was bad before, passes after. */
  fixed: TestChange[];
  /** Bad in both. */
  stillBad: TestChange[];
  added: TestChange[];
  gone: TestChange[];
  /** Passed in both, and takes more than twice as long and at least 2 s more. Less is the machine's noise. */
  slower: TestChange[];
}

const SLOWER_FACTOR = 2;
const SLOWER_SECONDS = 2;

/**
 * Compares two runs by the deciding attempt of each suite. Suite, file and title identify a test. Known issues and tests
 * that the suite skipped are neither good nor bad here. Pure.
 */
export function comparison(before: RunRecord, after: RunRecord): Comparison {
  const old = testsOf(before);
  const present = testsOf(after);
  const result: Comparison = {
    before: before.name,
    after: after.name,
    backendAi: { before: before.backendAi, after: after.backendAi },
    broke: [],
    fixed: [],
    stillBad: [],
    added: [],
    gone: [],
    slower: [],
  };
  for (const [key, is] of [...present].sort(([a], [b]) => a.localeCompare(b))) {
    const was = old.get(key);
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
  for (const [key, was] of [...old].sort(([a], [b]) => a.localeCompare(b))) {
    if (present.has(key)) continue;
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
              nameOf(one),
              stateAndTime(one.before, one.secondsBefore),
              stateAndTime(one.after, one.secondsAfter),
            ]),
            columns,
          ),
          '',
        ];
  return {
    data: result,
    table: (columns) => [
      ...testedLine(result.backendAi),
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

/** "Backend.AI 26.9.0 → 26.9.6"; nothing where the runs do not tell. */
function testedLine({ before, after }: Comparison['backendAi']): string[] {
  if (before.length === 0 && after.length === 0) return [];
  const name = (builds: readonly string[]) => builds.join(', ') || 'unknown';
  return [`Backend.AI ${name(before)} → ${name(after)}`];
}

/** By suite, file and title. A suite that runs in several environments has a line, and a name, for each. */
function testsOf(run: RunRecord): Map<string, { suite: string; test: TestRecord }> {
  return new Map(
    run.suites.flatMap(({ name, tests }) =>
      tests.map((test) => [`${name}\n${nameOf(test)}`, { suite: name, test }] as const),
    ),
  );
}

function isSlower(was: TestRecord, is: TestRecord): boolean {
  if (was.state !== 'passed' || is.state !== 'passed') return false;
  return is.seconds > was.seconds * SLOWER_FACTOR && is.seconds - was.seconds >= SLOWER_SECONDS;
}

function stateAndTime(state: string | undefined, time: number | undefined): string {
  return state === undefined ? '' : `${state}${time === undefined ? '' : `, ${seconds(time)}`}`;
}
