import type { RUNNER_EXIT } from './constants/runner-contract.ts';
import type { TestState, Verdict } from './constants/verdict.ts';
import { type RunSuite, SUITE_REASONS, suiteOf, type TestRun, type TestRunSpec } from './test-run.ts';
import type { Counts } from './verdict.ts';

/** What a verdict means, for all programs that read verdicts. */
export interface VerdictPolicy {
  /** Rank from worst (0). A run gets the worst verdict of the suites that decide it. */
  rank: number;
  /**
   * Whether a suite with this verdict lets its run succeed. UnlessDue: not if the run was to prove something of the suite. That
   * is so when it reruns failures, or when failFast skipped the suite.
   */
  succeeds: 'Always' | 'UnlessFlakyFails' | 'UnlessDue' | 'Never';
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

/** A verdict that is worse than it should be. */
const BROKEN = {
  succeeds: 'Never',
  state: 'Broken',
  passes: false,
  retried: true,
  archivesComponentLogs: true,
  event: 'Warning',
  exit: 'failed',
  badge: '❌',
} as const;
/** A verdict that does not count against Backend.AI. */
const FINE = {
  succeeds: 'Always',
  state: 'Works',
  passes: true,
  retried: false,
  archivesComponentLogs: false,
  event: 'Normal',
  exit: 'passed',
} as const;

/** The only definition of a good verdict. */
export const VERDICT_POLICY: Record<Verdict, VerdictPolicy> = {
  Failed: { ...BROKEN, rank: 0, mark: '✘' },
  NoTests: { ...BROKEN, rank: 1, mark: '∅', retried: false, exit: 'noTests' },
  Flaky: {
    ...FINE,
    rank: 2,
    succeeds: 'UnlessFlakyFails',
    passes: false,
    event: 'Warning',
    mark: '~',
    badge: '⚠️',
  },
  Interrupted: { ...BROKEN, rank: 3, mark: '◌' },
  Inconclusive: { ...BROKEN, rank: 4, mark: '?' },
  Passed: { ...FINE, rank: 5, mark: '✔', badge: '✅' },
  KnownIssue: { ...FINE, rank: 6, mark: '≈', badge: '☑️' },
  Skipped: {
    ...FINE,
    rank: 7,
    succeeds: 'UnlessDue',
    state: 'Unknown',
    passes: false,
    mark: '○',
    badge: '⏭️',
  },
};

/** The part of a suite's line that decides. */
type Line = Pick<RunSuite, 'verdict' | 'reason'>;
/** The part of a run's spec that decides. */
type RunPolicy = Pick<TestRunSpec, 'retryPolicy' | 'rerunFailedOf'>;

/** Whether a line lets its run succeed. A line without a verdict does not. */
export function letsRunSucceed({ verdict, reason }: Line, spec: RunPolicy): boolean {
  if (!verdict) return false;
  switch (VERDICT_POLICY[verdict].succeeds) {
    case 'Always':
      return true;
    case 'UnlessFlakyFails':
      return spec.retryPolicy?.flaky !== 'Fail';
    case 'UnlessDue':
      return reason !== SUITE_REASONS.failFast && spec.rerunFailedOf === undefined;
    case 'Never':
      return false;
  }
}

/** The first line that has ended and keeps its run from succeeding. */
export function firstBadLine(lines: readonly RunSuite[], spec: RunPolicy): RunSuite | undefined {
  return lines.find((line) => line.state === 'Finished' && !letsRunSucceed(line, spec));
}

/**
 * Whether a line is a failure to show and to count. A suite that failFast skipped is not: the suite that failed before it
 * counts.
 */
export function isFailure(line: Line, spec: RunPolicy): boolean {
  const skipped = line.verdict === 'Skipped' && line.reason === SUITE_REASONS.failFast;
  return !skipped && !letsRunSucceed(line, spec);
}

/** The worst verdict of the list; undefined for an empty one. */
export function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.toSorted((a, b) => VERDICT_POLICY[a].rank - VERDICT_POLICY[b].rank)[0];
}

/**
 * The TestSuites that kept a finished run from succeeding, each once, in the order of the run. With spec.rerunFailedOf they run
 * again.
 */
export function suitesToRerun(run: Pick<TestRun, 'spec' | 'status'>): string[] {
  const lines = (run.status?.suites ?? []).filter((line) => !letsRunSucceed(line, run.spec));
  return [...new Set(lines.map(suiteOf))];
}

/** An attempt that has ended, as far as the policy of retries compares it. */
export interface EndedAttempt {
  attempt: number;
  verdict: Verdict;
  counts?: Counts | undefined;
  /** At least the tests without a good end; of the last attempt, all that its report holds. */
  tests?: readonly { id: string; title: string; state: TestState }[] | undefined;
  /** Number of tests that the report had no room for. */
  omitted?: number | undefined;
}

/** What several attempts at a suite prove together. */
export interface AttemptsVerdict {
  verdict: Verdict;
  /** Number of the attempt whose report decides. */
  deciding: number;
  /** What kept a good last attempt from making up for the earlier ones. */
  missing?: string;
}

/**
 * The verdict of a suite from its attempts, oldest first; at least one. A good last attempt makes up for the earlier ones if it
 * ran what they ran: the suite is Flaky. Otherwise the worst attempt stands, so that an attempt that ran less hides nothing.
 */
export function verdictOfAttempts(attempts: readonly [EndedAttempt, ...EndedAttempt[]]): AttemptsVerdict {
  const last = attempts.at(-1) ?? attempts[0];
  const known = attempts.slice(0, -1);
  // Someone deleted the reports of the earlier attempts: that they were retried is all that is known.
  const lost: EndedAttempt = { attempt: last.attempt - 1, verdict: 'Interrupted' };
  const earlier = known.length === 0 && last.attempt > 1 ? [lost] : known;
  if (earlier.length === 0) return { verdict: last.verdict, deciding: last.attempt };
  const good = VERDICT_POLICY[last.verdict].passes;
  const missing = good
    ? earlier.map((one) => unproved(one, last)).find((text) => text !== undefined)
    : last.verdict === 'Skipped'
      ? 'it skipped every test'
      : undefined;
  if (good && missing === undefined) return { verdict: 'Flaky', deciding: last.attempt };
  const candidates = good ? earlier : [...earlier, last];
  const verdict = worstOf(candidates.map((one) => one.verdict)) ?? last.verdict;
  const deciding = candidates.findLast((one) => one.verdict === verdict) ?? last;
  return { verdict, deciding: deciding.attempt, ...(missing === undefined ? {} : { missing }) };
}

/** What an earlier attempt ran or failed, and a good last one did not run; undefined: nothing. */
function unproved(earlier: EndedAttempt, last: EndedAttempt): string | undefined {
  const ends = new Map(last.tests?.map(({ id, state }) => [id, state]));
  // A test that was skipped before proves nothing that the last attempt must repeat.
  const bad = (earlier.tests ?? []).filter(
    ({ title, state }) => !isHook(title) && !isGood(state) && state !== 'pending',
  );
  const left = bad.filter(({ id }) => {
    const state = ends.get(id);
    if (state !== undefined) return !isGood(state);
    return last.tests !== undefined && last.tests.length > 0 && !last.omitted;
  });
  if (left[0]) {
    const more = left.length > 1 ? ` (and ${left.length - 1} more)` : '';
    return `it did not run ${left[0].title}${more}`;
  }
  if (!earlier.counts || !last.counts) return undefined;
  const hooks = (earlier.tests ?? []).filter(({ title }) => isHook(title)).length;
  const before = earlier.counts.total - earlier.counts.pending - hooks;
  const now = last.counts.passed + (last.counts.knownIssue ?? 0);
  return now < before ? `it ran ${now} tests, attempt ${earlier.attempt} had ${before}` : undefined;
}

/** Whether a test proves what it claims, or fails as listed. */
function isGood(state: TestState): boolean {
  return state === 'passed' || state === 'known-issue';
}

/** Whether a title is that of a failed hook, which counts as a test and exists only because it failed. */
function isHook(title: string): boolean {
  return /"(before|after) (all|each)" hook/.test(title);
}
