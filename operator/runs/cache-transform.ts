import { conditionOf } from '@backendai-e2e/api/conditions';
import { API_VERSION } from '@backendai-e2e/api/group';
import { isFinished, RUN_ANNOTATIONS, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';
import { compact } from '@backendai-e2e/controller/compact';
import { withoutManagedFields } from '@backendai-e2e/kube/object';

/**
 * The part of a run that the operator caches. Of a finished run, it is the part for queues, times to live, notifications and
 * the history of suites. The rest, which is most of it, stays in the API server.
 */
export function transformRun(run: TestRun): TestRun {
  if (!isFinished(run)) return withoutManagedFields(run);
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = run.metadata;
  const { environmentRef, moreEnvironmentRefs, grep, ttlSecondsAfterFinished, keepFailed } = run.spec;
  const { verdict, finishedAt, notification, suites } = run.status ?? {};
  const { [RUN_ANNOTATIONS.notify]: notify, [RUN_ANNOTATIONS.user]: user } = run.metadata.annotations ?? {};
  const annotations =
    notify === undefined && user === undefined
      ? undefined
      : compact({ [RUN_ANNOTATIONS.notify]: notify, [RUN_ANNOTATIONS.user]: user });
  const succeeded = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded);
  const kept = compact({
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, annotations },
    spec: { environmentRef, moreEnvironmentRefs, grep, ttlSecondsAfterFinished, keepFailed },
    status: {
      verdict,
      finishedAt,
      notification,
      conditions: succeeded && [{ ...succeeded, message: '', observedGeneration: undefined }],
      suites: suites?.map((line) => {
        const { suite, environment, state, attempt, seconds } = line;
        return { name: line.name, suite, environment, state, attempt, verdict: line.verdict, seconds };
      }),
    },
  });
  return { apiVersion: API_VERSION, kind: 'TestRun', ...kept };
}
