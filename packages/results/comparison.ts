import { isBad, nameOf, type TestIdentity, type TestRecord } from './test-record.ts';

/** A run as far as it is compared. Records of runs and of the history are such. */
export interface ComparedRun {
  name: string;
  backendAi: readonly string[];
  suites: readonly { name: string; tests: readonly ComparedTest[] }[];
}

type ComparedTest = Pick<TestRecord, 'file' | 'title' | 'state' | 'seconds'>;

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
  /** Passed in both, and takes longer than the machine's noise explains. */
  slower: TestChange[];
}

const SLOWER_FACTOR = 2;
const SLOWER_SECONDS = 2;

/**
 * Compares two runs by the deciding attempt of each suite. Suite, file and title identify a test. Known issues and tests
 * that the suite skipped are neither good nor bad here. Pure.
 * @param slower whether a test that passed in both became slower. Default: more than twice as long, and at least 2 s more.
 */
export function comparison(
  before: ComparedRun,
  after: ComparedRun,
  slower: (was: ComparedTest, is: ComparedTest, suite: string) => boolean = isSlower,
): Comparison {
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
    else if (
      was.test.state === 'passed' &&
      is.test.state === 'passed' &&
      slower(was.test, is.test, is.suite)
    ) {
      result.slower.push(change);
    }
  }
  for (const [key, was] of [...old].sort(([a], [b]) => a.localeCompare(b))) {
    if (present.has(key)) continue;
    const { file, title, state } = was.test;
    result.gone.push({ suite: was.suite, file, title, before: state, secondsBefore: was.test.seconds });
  }
  return result;
}

/** By suite, file and title. A suite that runs in several environments has a line, and a name, for each. */
function testsOf(run: ComparedRun): Map<string, { suite: string; test: ComparedTest }> {
  return new Map(
    run.suites.flatMap(({ name, tests }) =>
      tests.map((test) => [`${name}\n${nameOf(test)}`, { suite: name, test }] as const),
    ),
  );
}

function isSlower(was: ComparedTest, is: ComparedTest): boolean {
  return is.seconds > was.seconds * SLOWER_FACTOR && is.seconds - was.seconds >= SLOWER_SECONDS;
}
