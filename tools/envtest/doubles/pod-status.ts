import type { Pod } from '@backendai-e2e/kube/builtin-resources';

type PodStatus = NonNullable<Pod['status']>;
type ContainerState = NonNullable<NonNullable<PodStatus['containerStatuses']>[number]['state']>;

function statusOf(phase: string, state: ContainerState): PodStatus {
  const container = { name: 'suite', image: 'suites:test', imageID: '', ready: false, restartCount: 0 };
  return { phase, containerStatuses: [{ ...container, state }] };
}

/**
 * The status that a kubelet writes when the container of an attempt ends.
 * @param reason default: Completed for exit code 0, else Error
 * @param message what the container wrote to its termination log
 */
export function endedPodStatus(
  exitCode: number,
  reason = exitCode === 0 ? 'Completed' : 'Error',
  message?: string,
): PodStatus {
  const now = new Date().toISOString();
  const terminated = {
    exitCode,
    reason,
    ...(message ? { message } : {}),
    startedAt: now,
    finishedAt: now,
  };
  return statusOf(exitCode === 0 ? 'Succeeded' : 'Failed', { terminated });
}

/** The status that a kubelet writes while the container of an attempt cannot start. */
export function waitingPodStatus(reason: string, message: string): PodStatus {
  return statusOf('Pending', { waiting: { reason, message } });
}
