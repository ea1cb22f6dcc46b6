import type { Static } from 'typebox';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/test-suite.ts';
import type { Verdict } from './verdict.ts';
import { VERDICT_POLICY } from './verdict-policy.ts';

export type TestSuiteSpec = Static<typeof schemas.TestSuiteSpec>;
export type TestSuiteStatus = Static<typeof schemas.TestSuiteStatus>;

/** A suite with its needs and limits. Its status holds its last verdicts. */
export type TestSuite = CustomResource<'TestSuite', TestSuiteSpec, TestSuiteStatus>;

/** Whether an entry of the history counts for the state of its suite in its environment. */
export function countsForState(entry: { verdict: Verdict; aside?: boolean }): boolean {
  return entry.aside !== true && VERDICT_POLICY[entry.verdict].state !== 'Unknown';
}

/**
 * Whether a run selects the suite without its name: by label, by area, or because the run selects nothing. Suites on demand run
 * only if a run names them, and slow suites only if it includes them.
 */
export function runsUnnamed(
  { onDemand, slow }: { onDemand?: boolean; slow?: boolean },
  includeSlow: boolean,
): boolean {
  return onDemand !== true && (includeSlow || slow !== true);
}
