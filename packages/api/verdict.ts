import type { Static } from 'typebox';
import type { TestState } from './constants/verdict.ts';
import type * as schemas from './schemas/verdict.ts';

export { TEST_STATES, type TestState, VERDICTS, type Verdict } from './constants/verdict.ts';

/** What stands before a test that ended in a state, in the output of a suite's pod and wherever people read. */
export const TEST_MARKS: Record<TestState, string> = {
  passed: '✔',
  failed: '✘',
  pending: '○',
  interrupted: '◌',
  inconclusive: '?',
  'known-issue': '≈',
};

/** Tests by state. total counts every test that was planned, also those that never ran. */
export type Counts = Static<typeof schemas.Counts>;

/** Where Counts holds the tests of a state. */
export function countKey(state: TestState): Exclude<keyof Counts, 'total'> {
  return state === 'known-issue' ? 'knownIssue' : state;
}
