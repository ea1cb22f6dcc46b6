/**
 * Verdicts of attempts, suites and runs.
 * Flaky: passed on a retry. KnownIssue: failed as listed. Inconclusive: could not observe what it checks.
 * Interrupted: did not reach its end. NoTests: no test matched, which is an error.
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

/** States of a test, in the terms of Mocha. known-issue: it failed as suites/known-issues lists it. */
export const TEST_STATES = [
  'passed',
  'failed',
  'pending',
  'interrupted',
  'inconclusive',
  'known-issue',
] as const;
export type TestState = (typeof TEST_STATES)[number];
