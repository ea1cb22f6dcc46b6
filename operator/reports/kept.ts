import type { TestReport } from '../api/test-report.ts';
import { withoutManagedFields } from '../runtime/kube-object.ts';

/**
 * What the operator's cache keeps of a report: everything but its tests and measurements, which may be 300 KiB. Of the
 * tests the first failed one stays, with the first line of its error: that is what a run says of a failed suite.
 */
export function keptReport(report: TestReport): TestReport {
  const kept = withoutManagedFields(report);
  if (!kept.status) return kept;
  const { tests, measurements: _large, ...status } = kept.status;
  const failed = tests?.find(({ state }) => state === 'failed');
  if (!failed) return { ...kept, status };
  const { error, ...test } = failed;
  const line = error?.split('\n', 1)[0];
  return { ...kept, status: { ...status, tests: [line === undefined ? test : { ...test, error: line }] } };
}
