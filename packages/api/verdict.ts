import type { Static } from 'typebox';
import type * as schemas from './schemas/verdict.ts';

/**
 * How an attempt, a suite or a run ended.
 * Flaky: passed on a retry. KnownIssue: failed as listed. Inconclusive: could not see what it claims.
 * Interrupted: never came to its own end. NoTests: nothing matched, which is an error.
 */
export const VERDICTS = [
  'Passed',
  'Failed',
  'Flaky',
  'KnownIssue',
  'Inconclusive',
  'Interrupted',
  'Skipped',
  'NoTests',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Whether a suite that ended so works: it passed, if need be on a retry, or failed as the known issues say. */
export function isGood(verdict: Verdict): boolean {
  return verdict === 'Passed' || verdict === 'KnownIssue' || verdict === 'Flaky';
}

/** How a single test ended, in Mocha's terms. known-issue: it failed, as suites/known-issues.yaml says it does. */
export const TEST_STATES = [
  'passed',
  'failed',
  'pending',
  'interrupted',
  'inconclusive',
  'known-issue',
] as const;
export type TestState = (typeof TEST_STATES)[number];

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
