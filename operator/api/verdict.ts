import { type Static, Type } from 'typebox';

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
export const VerdictSchema = Type.Enum([...VERDICTS], { description: 'How it ended.' });

/** How a single test ended, in Mocha's terms. */
export const TEST_STATES = ['passed', 'failed', 'pending', 'interrupted', 'inconclusive'] as const;
export type TestState = (typeof TEST_STATES)[number];

/** Tests by state. total counts every test that was planned, also those that never ran. */
export const Counts = Type.Object(
  {
    total: Type.Integer({ minimum: 0, description: 'Tests planned.' }),
    passed: Type.Integer({ minimum: 0, description: 'Tests that passed.' }),
    failed: Type.Integer({ minimum: 0, description: 'Tests that failed.' }),
    pending: Type.Integer({ minimum: 0, description: 'Tests skipped by the suite itself.' }),
    interrupted: Type.Integer({ minimum: 0, description: 'Tests that never reported an end.' }),
    inconclusive: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Tests that could not see what they claim.' }),
    ),
  },
  { description: 'Tests by state.' },
);
export type Counts = Static<typeof Counts>;
