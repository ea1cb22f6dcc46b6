import { RUNNER_EXIT } from '@backendai-e2e/api/runner-contract';
import type { ReportedTest, TestReportStatus } from '@backendai-e2e/api/test-report';
import { countKey, type Verdict } from '@backendai-e2e/api/verdict';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';

export type Counts = NonNullable<TestReportStatus['counts']>;

/** Why an attempt did not come to its own end. */
export interface Interruption {
  reason: 'DeadlineExceeded' | 'Terminated';
  message: string;
}

/** How an attempt ended. */
export interface Outcome {
  verdict: Verdict;
  reason?: string;
  message?: string;
}

/**
 * Counts tests by state. Failed hooks are listed as tests of their own, so they count in total too; the sum of the
 * states is total once the attempt has ended.
 * @param planned tests that are to run, hooks not counted
 */
export function countTests(tests: readonly ReportedTest[], planned: number, failedHooks: number): Counts {
  const counts: Counts = {
    total: planned + failedHooks,
    passed: 0,
    failed: 0,
    pending: 0,
    interrupted: 0,
    inconclusive: 0,
    knownIssue: 0,
  };
  for (const { state } of tests) counts[countKey(state)] = (counts[countKey(state)] ?? 0) + 1;
  return counts;
}

/**
 * The verdict of an attempt from what its tests said. One failure decides, then an interruption, then a test that
 * could not see what it claims; only then may it be KnownIssue (a test failed as listed) or Passed. An attempt without
 * tests is NoTests, never Passed.
 */
export function decideOutcome(
  tests: readonly ReportedTest[],
  interruption: Interruption | undefined,
): Outcome {
  const failed = tests.filter((test) => test.state === 'failed');
  const first = failed[0];
  if (first) {
    const message = `${first.title}: ${firstLine(first.error)}${more(failed.length)}`;
    return { verdict: 'Failed', reason: interruption?.reason ?? 'TestsFailed', message };
  }
  if (interruption) return { verdict: 'Interrupted', ...interruption };
  if (tests.length === 0) {
    return { verdict: 'NoTests', reason: 'NoTests', message: 'no test of the suite matches' };
  }
  const open = tests.find((test) => test.state === 'interrupted');
  if (open) {
    return { verdict: 'Interrupted', reason: 'NotRun', message: `${open.title}: ${firstLine(open.error)}` };
  }
  const unsure = tests.filter((test) => test.state === 'inconclusive');
  const firstUnsure = unsure[0];
  if (firstUnsure) {
    return {
      verdict: 'Inconclusive',
      reason: 'CouldNotSee',
      message: `${firstUnsure.title}: ${firstLine(firstUnsure.error)}${more(unsure.length)}`,
    };
  }
  const known = tests.filter((test) => test.state === 'known-issue');
  const firstKnown = known[0];
  if (firstKnown) {
    const message = `${firstKnown.title}: ${firstLine(firstKnown.error)}${more(known.length)}`;
    return { verdict: 'KnownIssue', reason: 'FailedAsListed', message };
  }
  if (tests.every((test) => test.state === 'pending')) {
    return { verdict: 'Skipped', reason: 'AllSkipped', message: 'the suite skipped every test itself' };
  }
  return { verdict: 'Passed' };
}

/** The attempt could not start: its files cannot be loaded or the pod is set up wrongly. */
export function couldNotRun(message: string): Outcome {
  return { verdict: 'Failed', reason: 'CouldNotRun', message };
}

/** Exit code of the runner (packages/api/runner-contract.ts) for an outcome. */
export function exitCode(outcome: Outcome): number {
  if (outcome.reason === 'CouldNotRun') return RUNNER_EXIT.couldNotRun;
  return RUNNER_EXIT[VERDICT_POLICY[outcome.verdict].exit];
}

function firstLine(text: string | undefined): string {
  return text?.split('\n', 1)[0] ?? 'no message';
}

function more(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : '';
}
