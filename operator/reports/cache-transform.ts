import { conditionOf } from '@backendai-e2e/api/conditions';
import { API_VERSION } from '@backendai-e2e/api/group';
import { REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { compact } from '@backendai-e2e/controller/compact';
import { withoutManagedFields } from '@backendai-e2e/kube/object';

/**
 * Whether the report shows that nothing is left to do for its attempt: it is final, and its artifacts are archived or
 * cannot be. An interrupted report does not show it: its Job may still have to be deleted.
 */
export function isSettled({ status }: TestReport): boolean {
  const archived = conditionOf(status?.conditions, REPORT_CONDITIONS.archived);
  return status?.final === true && status.verdict !== 'Interrupted' && archived !== undefined;
}

/**
 * The part of a report that the operator caches: everything but its tests and measurements, which may be 300 KiB. The
 * first failed test stays, with the first line of its error: a run quotes it for a failed suite. Of a final report only
 * what its run and its archive need stays.
 */
export function transformReport(report: TestReport): TestReport {
  const kept = withoutManagedFields(report);
  if (!kept.status) return kept;
  const { tests, measurements: _large, ...status } = kept.status;
  const failed = tests?.find(({ state }) => state === 'failed');
  const line = failed && { ...failed, error: failed.error?.split('\n', 1)[0] };
  if (status.final !== true) return compact({ ...kept, status: { ...status, tests: line && [line] } });
  const { verdict, reason, message, startedAt, finishedAt, seconds, counts, conditions } = status;
  const { name, namespace, uid, resourceVersion, generation } = kept.metadata;
  const { creationTimestamp, deletionTimestamp, ownerReferences } = kept.metadata;
  const { run, suite, attempt, environment } = kept.spec;
  const final = compact({
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      generation,
      creationTimestamp,
      deletionTimestamp,
      ownerReferences,
    },
    spec: { run, suite, attempt, environment },
    status: {
      final: true,
      verdict,
      reason,
      message,
      startedAt,
      finishedAt,
      seconds,
      counts,
      tests: line && [line],
      conditions: conditions?.map((each) => ({ ...each, message: '' })),
    },
  });
  return { apiVersion: API_VERSION, kind: 'TestReport', ...final };
}
