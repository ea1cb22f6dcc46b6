import type { RUNNER_EXIT } from './constants/runner-contract.ts';
import type { Verdict } from './constants/verdict.ts';
import { type RunSuite, SUITE_REASONS, suiteOf, type TestRun, type TestRunSpec } from './test-run.ts';

/** What a verdict means, for all programs that read verdicts. */
export interface VerdictPolicy {
  /** Rank from worst (0). A run gets the worst verdict of the suites that decide it. */
  rank: number;
  /** Whether a suite with this verdict lets its run succeed. */
  succeeds: 'Always' | 'UnlessFlakyFails' | 'UnlessFailFast' | 'Never';
  /** State of the suite in its environment, regardless of the policy of the run. */
  state: 'Works' | 'Broken' | 'Unknown';
  /** Whether it counts as a pass in the pass rate. After a failed attempt it becomes Flaky. */
  passes: boolean;
  /** Whether another attempt follows, if the suite has retries left. */
  retried: boolean;
  /** Whether the logs of the environment's components are archived with the attempt. */
  archivesComponentLogs: boolean;
  /** Type of the event that announces it. */
  event: 'Normal' | 'Warning';
  /** Exit code of the runner. */
  exit: keyof typeof RUNNER_EXIT;
  /** One character, for terminals. */
  mark: string;
  /** Emoji, for Markdown. */
  badge: string;
}

/** The only definition of a good verdict. */
export const VERDICT_POLICY: Record<Verdict, VerdictPolicy> = {
  Failed: {
    rank: 0,
    succeeds: 'Never',
    state: 'Broken',
    passes: false,
    retried: true,
    archivesComponentLogs: true,
    event: 'Warning',
    exit: 'failed',
    mark: '✘',
    badge: '❌',
  },
  NoTests: {
    rank: 1,
    succeeds: 'Never',
    state: 'Broken',
    passes: false,
    retried: false,
    archivesComponentLogs: true,
    event: 'Warning',
    exit: 'noTests',
    mark: '∅',
    badge: '❌',
  },
  Flaky: {
    rank: 2,
    succeeds: 'UnlessFlakyFails',
    state: 'Works',
    passes: false,
    retried: false,
    archivesComponentLogs: false,
    event: 'Warning',
    exit: 'passed',
    mark: '~',
    badge: '⚠️',
  },
  Interrupted: {
    rank: 3,
    succeeds: 'Never',
    state: 'Broken',
    passes: false,
    retried: true,
    archivesComponentLogs: true,
    event: 'Warning',
    exit: 'failed',
    mark: '◌',
    badge: '❌',
  },
  Inconclusive: {
    rank: 4,
    succeeds: 'Never',
    state: 'Broken',
    passes: false,
    retried: true,
    archivesComponentLogs: true,
    event: 'Warning',
    exit: 'failed',
    mark: '?',
    badge: '❌',
  },
  Passed: {
    rank: 5,
    succeeds: 'Always',
    state: 'Works',
    passes: true,
    retried: false,
    archivesComponentLogs: false,
    event: 'Normal',
    exit: 'passed',
    mark: '✔',
    badge: '✅',
  },
  KnownIssue: {
    rank: 6,
    succeeds: 'Always',
    state: 'Works',
    passes: true,
    retried: false,
    archivesComponentLogs: false,
    event: 'Normal',
    exit: 'passed',
    mark: '≈',
    badge: '☑️',
  },
  Skipped: {
    rank: 7,
    succeeds: 'UnlessFailFast',
    state: 'Unknown',
    passes: false,
    retried: false,
    archivesComponentLogs: false,
    event: 'Normal',
    exit: 'passed',
    mark: '○',
    badge: '⏭️',
  },
};

/** The part of a suite's line that decides. */
type Line = Pick<RunSuite, 'verdict' | 'reason'>;
type RetryPolicy = TestRunSpec['retryPolicy'];

/** Whether a line lets its run succeed. A line without a verdict does not. */
export function letsRunSucceed({ verdict, reason }: Line, policy: RetryPolicy): boolean {
  if (!verdict) return false;
  switch (VERDICT_POLICY[verdict].succeeds) {
    case 'Always':
      return true;
    case 'UnlessFlakyFails':
      return policy?.flaky !== 'Fail';
    case 'UnlessFailFast':
      return reason !== SUITE_REASONS.failFast;
    case 'Never':
      return false;
  }
}

/**
 * Whether a line is a failure to show and to count. A suite that failFast skipped is not: the suite that failed before it
 * counts.
 */
export function isFailure(line: Line, policy: RetryPolicy): boolean {
  return line.verdict !== 'Skipped' && !letsRunSucceed(line, policy);
}

/** The worst verdict of the list; undefined for an empty one. */
export function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.toSorted((a, b) => VERDICT_POLICY[a].rank - VERDICT_POLICY[b].rank)[0];
}

/**
 * The TestSuites that kept a finished run from succeeding, each once, in the order of the run. spec.rerunFailedOf runs them
 * again.
 */
export function suitesToRerun(run: Pick<TestRun, 'spec' | 'status'>): string[] {
  const lines = (run.status?.suites ?? []).filter((line) => !letsRunSucceed(line, run.spec.retryPolicy));
  return [...new Set(lines.map(suiteOf))];
}
