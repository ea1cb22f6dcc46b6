import { NOT_APPLICABLE } from '@backendai-e2e/api/release';
import { RUNNER_EXIT } from '@backendai-e2e/api/runner-contract';
import { type Counts, countKey, type TestState, type Verdict } from '@backendai-e2e/api/verdict';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import { firstLine, type TestRecord } from './test-record.ts';

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

/** The states that keep an attempt from Passed, worst first, with the outcome that they lead to. */
const DECIDING = [
  { state: 'failed', verdict: 'Failed', reason: 'TestsFailed' },
  { state: 'interrupted', verdict: 'Interrupted', reason: 'NotRun' },
  { state: 'inconclusive', verdict: 'Inconclusive', reason: 'CouldNotSee' },
  { state: 'known-issue', verdict: 'KnownIssue', reason: 'FailedAsListed' },
] as const satisfies readonly { state: TestState; verdict: Verdict; reason: string }[];

/**
 * Counts tests by state. Failed hooks are listed as tests of their own, so they count in total too. Once the attempt has
 * ended, the states add up to total.
 * @param planned tests that are to run, hooks not counted
 */
export function countTests(tests: readonly TestRecord[], planned: number, failedHooks: number): Counts {
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
 * The verdict of an attempt. One failure decides, then an interruption, then a test that never ran. An inconclusive test comes
 * next. Only then can it be KnownIssue (a test failed as listed) or Passed. An attempt without tests is NoTests, never Passed.
 */
export function decideOutcome(tests: readonly TestRecord[], interruption: Interruption | undefined): Outcome {
  const worst = DECIDING.find(({ state }) => tests.some((test) => test.state === state));
  if (interruption && worst?.state !== 'failed') return { verdict: 'Interrupted', ...interruption };
  if (worst) {
    const { state, verdict, reason } = worst;
    const message = messageOf(tests.filter((test) => test.state === state));
    return { verdict, reason: interruption?.reason ?? reason, message };
  }
  if (tests.length === 0) {
    return { verdict: 'NoTests', reason: 'NoTests', message: 'no test of the suite matches' };
  }
  if (tests.every((test) => test.reason === NOT_APPLICABLE)) {
    return { verdict: 'Skipped', reason: NOT_APPLICABLE, message: tests[0]?.message ?? '' };
  }
  if (tests.every((test) => test.state === 'pending')) {
    return { verdict: 'Skipped', reason: 'AllSkipped', message: 'the suite skipped every test itself' };
  }
  return { verdict: 'Passed' };
}

/** The attempt could not start: its files cannot be loaded, or the pod is configured wrongly. */
export function couldNotRun(message: string): Outcome {
  return { verdict: 'Failed', reason: 'CouldNotRun', message };
}

/** Exit code of the runner (packages/api/runner-contract.ts) for an outcome. */
export function exitCode(outcome: Outcome): number {
  if (outcome.reason === 'CouldNotRun') return RUNNER_EXIT.couldNotRun;
  return RUNNER_EXIT[VERDICT_POLICY[outcome.verdict].exit];
}

/** The first of some tests with the first line of its error, and how many others there are. */
function messageOf([first, ...others]: readonly TestRecord[]): string {
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return `${first?.title}: ${firstLine(first?.error) || 'no message'}${more}`;
}
