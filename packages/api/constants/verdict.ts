/**
 * How an attempt, a suite or a run ended.
 * Flaky: passed on a retry. KnownIssue: failed as listed. Inconclusive: could not see what it claims.
 * Interrupted: did not reach its own end. NoTests: nothing matched, which is an error.
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

/** How a single test ended, in Mocha's terms. known-issue: it failed, as suites/known-issues.yaml lists it. */
export const TEST_STATES = [
  'passed',
  'failed',
  'pending',
  'interrupted',
  'inconclusive',
  'known-issue',
] as const;
export type TestState = (typeof TEST_STATES)[number];
