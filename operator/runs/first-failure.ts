import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { RunSuite, TestRunSpec, TestRunStatus } from '@backendai-e2e/api/test-run';
import { letsRunSucceed } from '@backendai-e2e/api/verdict-policy';
import { plainLine } from '@backendai-e2e/results/plain-text';

/**
 * The first suite that keeps the run from succeeding, and what it says, as one short line for `kubectl get`. Empty while all
 * suites that ended let it succeed. Pure.
 */
export function firstFailureOf(
  lines: readonly RunSuite[],
  spec: Pick<TestRunSpec, 'retryPolicy' | 'rerunFailedOf'>,
): Pick<TestRunStatus, 'firstFailure'> {
  const bad = lines.find((line) => line.state === 'Finished' && !letsRunSucceed(line, spec));
  if (!bad) return {};
  const said = bad.message?.split('\n', 1)[0] ?? bad.reason ?? bad.verdict;
  const text = plainLine(`${bad.name}: ${said}`).trim();
  const isLong = text.length > LENGTHS.columnText;
  return { firstFailure: isLong ? `${text.slice(0, LENGTHS.columnText - 1)}…` : text };
}
