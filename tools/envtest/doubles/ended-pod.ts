import type { Pod } from '@backendai-e2e/kube/builtin-resources';

/**
 * The status that a kubelet writes when the container of an attempt ends.
 * @param reason default: Completed for exit code 0, else Error
 * @param message what the container wrote to its termination log
 */
export function endedPodStatus(
  exitCode: number,
  reason = exitCode === 0 ? 'Completed' : 'Error',
  message?: string,
): NonNullable<Pod['status']> {
  const now = new Date().toISOString();
  const terminated = {
    exitCode,
    reason,
    ...(message ? { message } : {}),
    startedAt: now,
    finishedAt: now,
  };
  const container = { name: 'suite', image: 'suites:test', imageID: '', ready: false, restartCount: 0 };
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [{ ...container, state: { terminated } }],
  };
}
