import { firstLine, type TestRecord } from '@backendai-e2e/results/test-record';
import type { Defect } from './defect-list.ts';

/**
 * - caught: a test of the right suite failed and its message names what to look at.
 * - unnamed: a test failed, but its message names something else.
 * - missed: no test failed.
 * - unproven: it is not known that the component ran with the defect.
 */
export type State = 'caught' | 'unnamed' | 'missed' | 'unproven';

/** What the suites said about one planted defect. */
export interface Outcome {
  name: string;
  state: State;
  /** Suites whose message named the defect. */
  seenBy: string[];
  /** Title and first line of the error of the first failed test, or what happened instead. */
  said: string;
  /** The first failed test whose message named the defect. */
  failure?: { suite: string; title: string; error: string };
}

/** Tests of a run by the suite that they belong to. */
export type TestsBySuite = ReadonlyMap<string, readonly TestRecord[]>;

/** Characters of a message that are shown. */
const MAX_LENGTH = 300;

/**
 * Whether the suites caught a planted defect. Only failed tests count: what is inconclusive has noticed nothing. A message that
 * could name another defect of the group for the same suite points to neither. Pure.
 */
export function judge(defect: Defect, tests: TestsBySuite, group: readonly Defect[] = []): Outcome {
  const { name, suites, says } = defect;
  const ran = suites.filter((suite) => (tests.get(suite) ?? []).length > 0);
  const failures = ran.flatMap((suite) =>
    (tests.get(suite) ?? [])
      .filter(({ state }) => state === 'failed')
      .map((test) => ({ suite, test, message: messageOf(test) })),
  );
  const others = group.filter((other) => other.name !== name);
  const named = failures.filter(
    ({ suite, message }) =>
      says.test(message) && !others.some((other) => other.suites.includes(suite) && other.says.test(message)),
  );
  const seenBy = [...new Set(named.map(({ suite }) => suite))];
  const first = named[0] ?? failures[0];
  if (first) {
    const { suite, message, test } = first;
    const failure = { suite, title: test.title, error: test.error ?? '' };
    if (!named[0]) return { name, state: 'unnamed', seenBy, said: message };
    return { name, state: 'caught', seenBy, said: message, failure };
  }
  const count = ran.reduce((sum, suite) => sum + (tests.get(suite) ?? []).length, 0);
  return { name, state: 'missed', seenBy, said: count === 0 ? 'no test ran' : `${count} tests, none failed` };
}

/** The outcome of a defect that could not be tried. */
export function unproven({ name }: Defect, why: string): Outcome {
  return { name, state: 'unproven', seenBy: [], said: firstLine(why).slice(0, MAX_LENGTH) };
}

/** The title of a failed hook without that of the test which it precedes: that test has noticed nothing. */
function messageOf({ title, error }: TestRecord): string {
  const own = title.replace(/("(?:before|after) (?:all|each)" hook\b.*?) for ".*"$/s, '$1');
  return `${own}: ${firstLine(error)}`.slice(0, MAX_LENGTH);
}
