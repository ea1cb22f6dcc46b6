import { conditionOf } from '@backendai-e2e/api/conditions';
import { API_VERSION } from '@backendai-e2e/api/group';
import { REPORT_CONDITIONS, type TestReport, type TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestState } from '@backendai-e2e/api/verdict';
import { compact } from '@backendai-e2e/controller/compact';
import { withoutManagedFields } from '@backendai-e2e/kube/object';
import { testsInBudget } from '../attempts/report-budget.ts';
import { leftChanges } from './undo.ts';

/**
 * Whether the report shows that nothing is left to do for its attempt. It is final then, and its artifacts are archived or
 * cannot be. An interrupted report does not show it: its Job may still have to be deleted.
 */
export function isSettled(report: TestReport): boolean {
  const { status } = report;
  const left = leftChanges(report).length > 0;
  const archived = conditionOf(status?.conditions, REPORT_CONDITIONS.archived);
  return status?.final === true && status.verdict !== 'Interrupted' && archived !== undefined && !left;
}

/**
 * The part of a report that the operator caches. Tests, hooks, measurements and waits are left out: they may be 300 KiB. Of a final
 * report only what its run and its archive need stays.
 */
export function transformReport(report: TestReport): TestReport {
  const kept = withoutManagedFields(report);
  if (!kept.status) return kept;
  const { tests, hooks: _hooks, measurements: _measurements, waits: _waits, ...status } = kept.status;
  if (status.final !== true) return compact({ ...kept, status });
  const { verdict, reason, message, startedAt, finishedAt, seconds, counts, omitted, conditions } = status;
  const { backendAi, changes, firstCause } = status;
  const { name, namespace, uid, resourceVersion, generation } = kept.metadata;
  const compared = testsInBudget(comparedTests(tests, kept.spec.attempt));
  const left = (omitted?.tests ?? 0) + compared.omitted;
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
      backendAi,
      finishedAt,
      seconds,
      counts,
      changes,
      firstCause,
      omitted: left > 0 ? { tests: left, errorBytes: omitted?.errorBytes ?? 0 } : undefined,
      tests: compared.tests.length > 0 ? compared.tests : undefined,
      conditions: conditions?.map((each) => ({ ...each, message: '' })),
    },
  });
  return { apiVersion: API_VERSION, kind: 'TestReport', ...final };
}

/**
 * The tests that a run compares and quotes, without errors: those without a good end. Of a retry, all of them, because it must
 * have run them. The first failed one keeps the first line of its error.
 */
function comparedTests(
  tests: TestReportStatus['tests'],
  attempt: number,
): NonNullable<TestReportStatus['tests']> {
  const failed = tests?.find(({ state }) => state === 'failed');
  return (tests ?? [])
    .filter((test) => attempt > 1 || isBad(test))
    .map(({ error, ...test }) => ({
      ...test,
      ...(test.id === failed?.id && error ? { error: error.split('\n', 1)[0] ?? '' } : {}),
    }));
}

/** Whether a test ended badly, for the comparison of attempts. */
function isBad({ state }: { state: TestState }): boolean {
  return state !== 'passed' && state !== 'pending' && state !== 'known-issue';
}
