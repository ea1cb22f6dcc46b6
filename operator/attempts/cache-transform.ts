import { compact } from '@backendai-e2e/controller/compact';
import type { Job, Pod } from '@backendai-e2e/kube/builtin-resources';
import { withoutManagedFields } from '@backendai-e2e/kube/object';
import { JOB_NAME_LABEL } from './attempt-name.ts';

/**
 * The part of an attempt's Job that the operator caches: its state. Its pod template, most of it, is never read. Of a
 * finished Job only the outcome and its reason count.
 */
export function transformJob(job: Job): Job {
  const { activeDeadlineSeconds, suspend } = job.spec ?? {};
  // The cast: the model says that a Job has a template.
  const spec = { activeDeadlineSeconds, suspend } as Job['spec'] & object;
  const conditions = job.status?.conditions?.filter(({ status }) => status === 'True');
  if (!hasFinished(job)) return compact({ ...withoutManagedFields(job), spec });
  const { name, namespace, uid, resourceVersion, labels } = job.metadata;
  const kept = compact({
    metadata: { name, namespace, uid, resourceVersion, labels },
    spec,
    status: { conditions },
  });
  return { apiVersion: 'batch/v1', kind: 'Job', ...kept };
}

/** Whether a Job has completed or failed; neither is ever taken back. */
export function hasFinished(job: Job): boolean {
  return (job.status?.conditions ?? []).some(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
}

/** The part of an attempt's pod that the operator caches: its state, or its outcome once it has ended. */
export function transformPod(pod: Pod): Pod {
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
      containerStatuses: containerStatuses?.map(transformContainer),
      initContainerStatuses: initContainerStatuses?.map(transformContainer),
    },
  });
  return { apiVersion: 'v1', kind: 'Pod', ...ended };
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** The outcome of a container that no longer runs. The model requires the other fields. */
function transformContainer({ name, state }: ContainerStatus): ContainerStatus {
  const rest = { image: '', imageID: '', ready: false, restartCount: 0 };
  if (!state?.terminated) return { name, ...rest, ...(state ? { state } : {}) };
  const { exitCode, reason, message } = state.terminated;
  return compact({ name, ...rest, state: { terminated: { exitCode, reason, message } } });
}
