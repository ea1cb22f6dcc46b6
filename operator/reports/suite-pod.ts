import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import { NOT_STARTED_EXIT, RUNNER_CONTAINER } from '../attempts/attempt-job.ts';

/** Reason of a container that the node could not start; containerd gives it the exit code NOT_STARTED_EXIT. */
export const NOT_STARTED = 'StartError';

/** Whether the pod has ended. */
export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/** Whether the suite has ended: its pod, or its container beside a sidecar that goes on. A pod never restarts it. */
export function suiteEnded(pod: Pod): boolean {
  return hasEnded(pod) || runnerOf(pod)?.state?.terminated !== undefined;
}

/** Whether the pod ended because the node could not start one of its containers. */
export function neverBegan(pod: Pod): boolean {
  return hasEnded(pod) && statuses(pod).some(({ state }) => state?.terminated?.reason === NOT_STARTED);
}

/**
 * Whether the Job goes on although the suite has run in this pod. A sidecar may keep the pod. Or the suite ended with the exit
 * code of a container that did not start. The Job then makes another pod.
 */
export function keepsJob(pod: Pod): boolean {
  if (!suiteEnded(pod) || neverBegan(pod)) return false;
  return !hasEnded(pod) || runnerOf(pod)?.state?.terminated?.exitCode === NOT_STARTED_EXIT;
}

/**
 * The container that says how the attempt ended: the suite's, or else one that failed before it. An init container that
 * succeeded does not.
 */
export function endingContainer(pod: Pod): ContainerStatus | undefined {
  const ended = statuses(pod).filter(({ state }) => state?.terminated);
  return (
    ended.find(({ name }) => name === RUNNER_CONTAINER) ??
    ended.find(({ state }) => state?.terminated?.exitCode !== 0) ??
    ended[0]
  );
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

function runnerOf(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === RUNNER_CONTAINER);
}

/** The newest pod. */
export function newest(pods: readonly Pod[]): Pod | undefined {
  return [...pods].sort((a, b) =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
  )[0];
}

/** The statuses of all containers, those of init containers first. */
export function statuses(pod: Pod): ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

/** "pod x: Failed, container suite ended with exit code 137 (OOMKilled)". */
export function podInWords(pod: Pod): string {
  const containers = statuses(pod).map((status) => {
    const { waiting, running, terminated } = status.state ?? {};
    if (terminated) {
      const reason = terminated.reason && terminated.reason !== 'Error' ? ` (${terminated.reason})` : '';
      return `container ${status.name} ended with exit code ${terminated.exitCode}${reason}`;
    }
    if (waiting) return `container ${status.name} waits (${waiting.reason ?? 'no reason given'})`;
    return `container ${status.name} ${running ? 'runs' : 'has not started'}`;
  });
  return [`pod ${pod.metadata.name} is ${pod.status?.phase ?? 'new'}`, ...containers].join(', ');
}
