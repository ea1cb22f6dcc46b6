import type { TestReport } from '@backendai-e2e/api/test-report';
import type { RunSuite, TestRun, TestRunSpec, TestRunStatus } from '@backendai-e2e/api/test-run';
import { firstBadLine } from '@backendai-e2e/api/verdict-policy';
import { columnLine } from '@backendai-e2e/results/plain-text';

/**
 * The first suite that keeps the run from succeeding, and what it says, as one short line for `kubectl get`. Empty while all
 * suites that ended let it succeed. Pure.
 */
export function firstFailureOf(
  lines: readonly RunSuite[],
  spec: Pick<TestRunSpec, 'retryPolicy' | 'rerunFailedOf'>,
): Pick<TestRunStatus, 'firstFailure'> {
  const bad = firstBadLine(lines, spec);
  if (!bad) return {};
  const said = bad.message?.split('\n', 1)[0] ?? bad.reason ?? bad.verdict;
  return { firstFailure: columnLine(`${bad.name}: ${said}`) };
}

/**
 * What most likely caused the first failure, as the operator noted it in the report when it archived the attempt. Empty until
 * then. Pure.
 */
export function firstCauseOf(
  lines: readonly RunSuite[],
  { run, reports }: { run: Pick<TestRun, 'spec'>; reports: readonly TestReport[] },
): Pick<TestRunStatus, 'firstCause'> {
  const bad = firstBadLine(lines, run.spec);
  const report = reports.find(({ metadata }) => metadata.name === bad?.report);
  const firstCause = report?.status?.firstCause;
  return firstCause === undefined ? {} : { firstCause };
}
