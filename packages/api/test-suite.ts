import type { Static } from 'typebox';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/test-suite.ts';
import type { Verdict } from './verdict.ts';
import { VERDICT_POLICY } from './verdict-policy.ts';

export type TestSuiteSpec = Static<typeof schemas.TestSuiteSpec>;
export type TestSuiteStatus = Static<typeof schemas.TestSuiteStatus>;
export type TestSuite = CustomResource<'TestSuite', TestSuiteSpec, TestSuiteStatus>;

/** Whether an entry of the history says something about the state of its suite in its environment. */
export function countsForState(entry: { verdict: Verdict; aside?: boolean }): boolean {
  return entry.aside !== true && VERDICT_POLICY[entry.verdict].state !== 'Unknown';
}

/**
 * Whether a run that does not name the suite takes it: by a label, by its area, or because the run chooses nothing. Suites on
 * demand run only where a run names them; slow ones only where it includes them.
 */
export function runsUnnamed(
  { onDemand, slow }: { onDemand?: boolean; slow?: boolean },
  includeSlow: boolean,
): boolean {
  return onDemand !== true && (includeSlow || slow !== true);
}
