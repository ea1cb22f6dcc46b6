import type { Static } from 'typebox';
import type { TestState } from './constants/verdict.ts';
import type * as schemas from './schemas/verdict.ts';

export { TEST_STATES, type TestState, VERDICTS, type Verdict } from './constants/verdict.ts';

/** Mark of a test by its state, in the output of a pod and wherever people read. */
export const TEST_MARKS: Record<TestState, string> = {
  passed: '✔',
  failed: '✘',
  pending: '○',
  interrupted: '◌',
  inconclusive: '?',
  'known-issue': '≈',
};

/** Number of tests in each state. `total` counts every planned test, also those that did not run. */
export type Counts = Static<typeof schemas.Counts>;

/** Key of a state in Counts. */
export function countKey(state: TestState): Exclude<keyof Counts, 'total'> {
  return state === 'known-issue' ? 'knownIssue' : state;
}
