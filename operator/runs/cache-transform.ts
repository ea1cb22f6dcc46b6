import { conditionOf } from '@backendai-e2e/api/conditions';
import { API_VERSION } from '@backendai-e2e/api/group';
import { isFinished, RUN_ANNOTATIONS, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';
import { compact } from '@backendai-e2e/controller/compact';
import type { Job, Pod } from '@backendai-e2e/kube/builtin-resources';
import { withoutManagedFields } from '@backendai-e2e/kube/object';
import { JOB_NAME_LABEL } from '../attempts/attempt-name.ts';

/**
 * What the operator's cache keeps of a run. Of one that has ended, what queues, times to live, notifications and the records
 * of its suites ask for; the rest, which is most of it, is left to the API server.
 */
export function keptRun(run: TestRun): TestRun {
  if (!isFinished(run)) return withoutManagedFields(run);
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = run.metadata;
  const { environmentRef, moreEnvironmentRefs, grep, ttlSecondsAfterFinished, keepFailed } = run.spec;
  const { verdict, finishedAt, notification, suites } = run.status ?? {};
  const notify = run.metadata.annotations?.[RUN_ANNOTATIONS.notify];
  const annotations = notify === undefined ? undefined : { [RUN_ANNOTATIONS.notify]: notify };
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

/**
 * What the operator's cache keeps of an attempt's Job: its state. The pod that it asks for, most of it, is never looked at;
 * of one that has ended, only that and why counts.
 */
export function keptJob(job: Job): Job {
  const { activeDeadlineSeconds, suspend } = job.spec ?? {};
  // The cast: the model says that a Job has a template.
  const spec = { activeDeadlineSeconds, suspend } as Job['spec'] & object;
  const conditions = job.status?.conditions?.filter(({ status }) => status === 'True');
  if (!isOver(job)) return compact({ ...withoutManagedFields(job), spec });
  const { name, namespace, uid, resourceVersion, labels } = job.metadata;
  const kept = compact({
    metadata: { name, namespace, uid, resourceVersion, labels },
    spec,
    status: { conditions },
  });
  return { apiVersion: 'batch/v1', kind: 'Job', ...kept };
}

/** Whether a Job has ended, which it says for good. */
export function isOver(job: Job): boolean {
  return (job.status?.conditions ?? []).some(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
}

/** What the operator's cache keeps of an attempt's pod: its state; of one that has ended, how it did. */
export function keptPod(pod: Pod): Pod {
  const { spec: _asked, ...kept } = withoutManagedFields(pod);
  const { phase, reason, message, conditions, containerStatuses, initContainerStatuses } = pod.status ?? {};
  if (phase !== 'Succeeded' && phase !== 'Failed') return kept;
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = pod.metadata;
  const { labels, ownerReferences } = pod.metadata;
  const ended = compact({
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      deletionTimestamp,
      labels: { [JOB_NAME_LABEL]: labels?.[JOB_NAME_LABEL] },
      ownerReferences,
    },
    status: {
      phase,
      reason,
      message,
      conditions: conditions?.filter(({ type }) => type === 'DisruptionTarget'),
      containerStatuses: containerStatuses?.map(keptContainer),
      initContainerStatuses: initContainerStatuses?.map(keptContainer),
    },
  });
  return { apiVersion: 'v1', kind: 'Pod', ...ended };
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** What is said of a container that does not run any more. The model asks for the rest. */
function keptContainer({ name, state }: ContainerStatus): ContainerStatus {
  const rest = { image: '', imageID: '', ready: false, restartCount: 0 };
  if (!state?.terminated) return { name, ...rest, ...(state ? { state } : {}) };
  const { exitCode, reason, message } = state.terminated;
  return compact({ name, ...rest, state: { terminated: { exitCode, reason, message } } });
}
