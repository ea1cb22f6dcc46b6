import { LENGTHS } from '@backendai-e2e/api/lengths';
import { LIMITS } from '@backendai-e2e/api/limits';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { RunSuite, TestRunSpec, TestRunStatus } from '@backendai-e2e/api/test-run';
import type { Counts, Verdict } from '@backendai-e2e/api/verdict';
import { letsRunSucceed, VERDICT_POLICY, worstOf } from '@backendai-e2e/api/verdict-policy';

/** The line of a suite, and whether another attempt is due. */
export interface Folded {
  line: RunSuite;
  /** Number of the attempt to start now; undefined when none is. */
  next: number | undefined;
}

/**
 * Folds the reports of one suite's attempts (any order) into its line. `retries` is the number of further attempts
 * after a failed one. A pass (with or without known issues) after a failed attempt is Flaky.
 */
export function foldSuite(name: string, reports: readonly TestReport[], retries: number): Folded {
  const attempts = [...reports].sort((a, b) => a.spec.attempt - b.spec.attempt);
  const last = attempts.at(-1);
  if (!last) return { line: { name, state: 'Waiting', attempt: 0 }, next: 1 };
  const { attempt } = last.spec;
  const status = last.status;
  const base = {
    name,
    attempt,
    report: last.metadata.name,
    ...(status?.counts ? { counts: status.counts } : {}),
  };
  if (status?.final !== true) return { line: { ...base, state: 'Running' }, next: undefined };
  const ended = status.verdict ?? 'Interrupted';
  if (VERDICT_POLICY[ended].retried && attempt <= retries) {
    return { line: { ...base, state: 'Running' }, next: attempt + 1 };
  }
  const verdict: Verdict = VERDICT_POLICY[ended].passes && attempt > 1 ? 'Flaky' : ended;
  const first = attempts[0];
  const flaky =
    verdict === 'Flaky'
      ? {
          reason: 'PassedOnRetry',
          message: `passed at attempt ${attempt}; attempt 1: ${first?.status?.message ?? first?.status?.reason ?? first?.status?.verdict ?? 'no report'}`,
        }
      : undefined;
  const reason = flaky?.reason ?? status.reason;
  const message = flaky?.message ?? status.message ?? firstError(last);
  return {
    line: {
      ...base,
      state: 'Finished',
      verdict,
      ...(reason ? { reason: reason.slice(0, LENGTHS.reason) } : {}),
      ...(message ? { message: shorten(message, LENGTHS.message) } : {}),
      ...(status.seconds === undefined ? {} : { seconds: status.seconds }),
    },
    next: undefined,
  };
}

function firstError(report: TestReport): string | undefined {
  const failed = report.status?.tests?.find((test) => test.state === 'failed');
  if (!failed) return undefined;
  return `${failed.title}: ${failed.error?.split('\n', 1)[0] ?? 'failed'}`;
}

/** Sum of the counts of all lines. */
export function sumCounts(lines: readonly RunSuite[]): Counts {
  const sum = { total: 0, passed: 0, failed: 0, pending: 0, interrupted: 0, inconclusive: 0, knownIssue: 0 };
  for (const { counts } of lines) {
    if (!counts) continue;
    sum.total += counts.total;
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.pending += counts.pending;
    sum.interrupted += counts.interrupted;
    sum.inconclusive += counts.inconclusive ?? 0;
    sum.knownIssue += counts.knownIssue ?? 0;
  }
  return sum;
}

/** The run's verdict and whether it succeeded, from lines that are all finished. */
export function runVerdict(
  lines: readonly RunSuite[],
  policy: TestRunSpec['retryPolicy'],
): { verdict: Verdict; succeeded: boolean } {
  const keeping = lines.filter((line) => !letsRunSucceed(line, policy));
  const worst = worstOf((keeping.length > 0 ? keeping : lines).flatMap(({ verdict }) => verdict ?? []));
  if (keeping.length === 0)
    return { verdict: worst ?? 'Skipped', succeeded: (worst ?? 'Skipped') !== 'Skipped' };
  // failFast skips suites only after another one failed.
  return { verdict: worst === undefined || worst === 'Skipped' ? 'Failed' : worst, succeeded: false };
}

/** Fields that a finished line gives up last, in this order. The reports contain all of them. */
const EXPENDABLE = ['counts', 'report', 'reason', 'environment'] as const;

/**
 * Keeps a run's status within its byte budget: the longest messages of lines are cut first, half by half, then dropped;
 * then counts, names of reports, reasons and environments of lines that ended. Names and verdicts of suites always stay. Returns the
 * same object when it fits.
 */
export function fitRunBudget(status: TestRunStatus, bytes: number = LIMITS.runBytes): TestRunStatus {
  let fitted = status;
  for (let limit = LENGTHS.message / 2; limit >= 16 && sizeOf(fitted) > bytes; limit /= 2) {
    fitted = withLines(fitted, (line) =>
      line.message === undefined ? line : { ...line, message: shorten(line.message, limit) },
    );
  }
  if (sizeOf(fitted) > bytes) fitted = withLines(fitted, ({ message: _dropped, ...line }) => line);
  for (const field of EXPENDABLE) {
    if (sizeOf(fitted) <= bytes) break;
    fitted = withLines(fitted, (line) => {
      if (line.state !== 'Finished') return line;
      const { [field]: _dropped, ...rest } = line;
      return rest;
    });
  }
  return fitted;
}

function withLines(status: TestRunStatus, change: (line: RunSuite) => RunSuite): TestRunStatus {
  return status.suites ? { ...status, suites: status.suites.map(change) } : status;
}

function sizeOf(status: TestRunStatus): number {
  return Buffer.byteLength(JSON.stringify(status));
}

function shorten(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
