import { LENGTHS } from '@backendai-e2e/api/lengths';
import { LIMITS } from '@backendai-e2e/api/limits';
import type { TestReport } from '@backendai-e2e/api/test-report';
import {
  type RunSuite,
  SUITE_REASONS,
  type TestRunSpec,
  type TestRunStatus,
} from '@backendai-e2e/api/test-run';
import type { Counts, Verdict } from '@backendai-e2e/api/verdict';
import {
  type EndedAttempt,
  isFailure,
  letsRunSucceed,
  VERDICT_POLICY,
  verdictOfAttempts,
  worstOf,
} from '@backendai-e2e/api/verdict-policy';

/** The line of a suite, and whether another attempt is due. */
export interface Folded {
  line: RunSuite;
  /** Number of the attempt to start now; undefined when none is. */
  next: number | undefined;
}

/**
 * Folds the reports of one suite's attempts (any order) into its line. `retries` is the number of further attempts
 * after a failed one. What the attempts prove together is decided by verdictOfAttempts.
 */
export function foldSuite(name: string, reports: readonly TestReport[], retries: number): Folded {
  const attempts = [...reports].sort((a, b) => a.spec.attempt - b.spec.attempt);
  const last = attempts.at(-1);
  if (!last) return { line: { name, state: 'Waiting', attempt: 0 }, next: 1 };
  const { attempt } = last.spec;
  const status = last.status;
  const running: RunSuite = {
    name,
    attempt,
    report: last.metadata.name,
    ...(status?.counts ? { counts: status.counts } : {}),
    state: 'Running',
  };
  if (status?.final !== true) return { line: running, next: undefined };
  if (VERDICT_POLICY[verdictOf(last)].retried && attempt <= retries) {
    return { line: running, next: attempt + 1 };
  }
  return { line: endedLine(name, attempts) ?? running, next: undefined };
}

/** The finished line of a suite from those of its attempts that have ended; undefined: none has. */
export function endedLine(name: string, reports: readonly TestReport[]): RunSuite | undefined {
  const [first, ...others] = reports
    .filter(({ status }) => status?.final === true)
    .sort((a, b) => a.spec.attempt - b.spec.attempt);
  if (!first) return undefined;
  const last = others.at(-1) ?? first;
  const { verdict, deciding, missing } = verdictOfAttempts([endOf(first), ...others.map(endOf)]);
  const decides = [first, ...others].find(({ spec }) => spec.attempt === deciding) ?? last;
  const said = decides.status?.message || firstError(decides) || silent(decides);
  const reason = missing
    ? SUITE_REASONS.notRepeated
    : verdict === 'Flaky'
      ? SUITE_REASONS.passedOnRetry
      : decides.status?.reason;
  const message = missing
    ? `attempt ${last.spec.attempt} does not make up for attempt ${deciding}: ${missing}; attempt ${deciding}: ${inWords(decides)}`
    : verdict === 'Flaky'
      ? `passed at attempt ${deciding}; attempt ${first.spec.attempt}: ${inWords(first)}`
      : decides === last
        ? said
        : `attempt ${deciding}: ${said ?? verdict}; attempt ${last.spec.attempt}: ${inWords(last)}`;
  const { counts, seconds } = decides.status ?? {};
  return {
    name,
    attempt: last.spec.attempt,
    report: decides.metadata.name,
    ...(counts ? { counts } : {}),
    state: 'Finished',
    verdict,
    ...(reason ? { reason: reason.slice(0, LENGTHS.reason) } : {}),
    ...(message ? { message: shorten(message, LENGTHS.message) } : {}),
    ...(seconds === undefined ? {} : { seconds }),
  };
}

function verdictOf({ status }: TestReport): Verdict {
  return status?.verdict ?? 'Interrupted';
}

function endOf(report: TestReport): EndedAttempt {
  const { counts, tests, omitted } = report.status ?? {};
  return {
    attempt: report.spec.attempt,
    verdict: verdictOf(report),
    counts,
    tests,
    omitted: omitted?.tests,
  };
}

function inWords(report: TestReport): string {
  return report.status?.message || report.status?.reason || report.status?.verdict || 'no report';
}

/** What the line says for a report that ended badly and gives no reason. A suite writes what it likes. */
function silent(report: TestReport): string | undefined {
  const verdict = verdictOf(report);
  if (VERDICT_POLICY[verdict].state !== 'Broken') return undefined;
  return report.status?.reason || `its report says ${verdict}, and not why`;
}

function firstError(report: TestReport): string | undefined {
  const failed = report.status?.tests?.find((test) => test.state === 'failed');
  if (!failed) return undefined;
  return `${failed.title}: ${failed.error?.split('\n', 1)[0] ?? 'failed'}`;
}

/** Suites of a run that ended, that let it succeed, and that keep it from succeeding. A suite that failFast skipped is neither. Pure. */
export function suiteCounts(
  lines: readonly RunSuite[],
  spec: Pick<TestRunSpec, 'retryPolicy' | 'rerunFailedOf'>,
): NonNullable<TestRunStatus['suiteCounts']> {
  const finished = lines.filter(({ state }) => state === 'Finished');
  const passed = finished.filter((line) => line.verdict !== 'Skipped' && letsRunSucceed(line, spec));
  const failed = finished.filter((line) => isFailure(line, spec));
  return {
    ...{ total: lines.length, finished: finished.length },
    ...{ passed: passed.length, failed: failed.length },
  };
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
  spec: Pick<TestRunSpec, 'retryPolicy' | 'rerunFailedOf'>,
): { verdict: Verdict; succeeded: boolean } {
  const keeping = lines.filter((line) => !letsRunSucceed(line, spec));
  const worst = worstOf((keeping.length > 0 ? keeping : lines).flatMap(({ verdict }) => verdict ?? []));
  if (keeping.length === 0)
    return { verdict: worst ?? 'Skipped', succeeded: (worst ?? 'Skipped') !== 'Skipped' };
  // failFast skips suites only after another one failed, and a rerun that skips a failure proves nothing.
  return { verdict: worst === undefined || worst === 'Skipped' ? 'Failed' : worst, succeeded: false };
}

/** Fields that a finished line gives up last, in this order. The reports contain all of them. */
const EXPENDABLE = ['counts', 'report', 'reason', 'environment'] as const;

/**
 * Keeps a run's status within its byte budget. First the longest messages of lines are cut, half by half, then dropped. Then
 * counts, names of reports, reasons and environments of lines that ended go. Names and verdicts of suites always stay. Returns
 * the same object when it fits.
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
