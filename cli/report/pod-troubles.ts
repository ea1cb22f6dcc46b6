import { splitTimestamp } from '@backendai-e2e/results/printed-output';
import type { ContainerLog, ContainerStatus, Pod } from '../collect/cluster-logs.ts';

/** Lines of a crashed container's log that are shown, and characters of each. */
const CRASH_LINES = 8;
const LENGTH = 300;

/** Reasons to wait that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set(['PodInitializing', 'ContainerCreating']);

/** Containers in a waiting state that does not pass without help, a line each. Crashed ones follow with their last lines. */
export function podTroubles(pods: readonly Pod[], logs: readonly ContainerLog[]): string[] {
  return pods.flatMap(({ metadata, status }) => {
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    return containers.flatMap((container) => {
      const own = logs.filter((log) => log.pod === metadata.name && log.container === container.name);
      return troubleOf(`${metadata.namespace}/${metadata.name}/${container.name}`, container, own);
    });
  });
}

function troubleOf(place: string, { state }: ContainerStatus, logs: readonly ContainerLog[]): string[] {
  const { reason, message } = state?.waiting ?? {};
  if (!reason || PASSING.has(reason)) return [];
  const crash = logs.find((log) => log.previous)?.text ?? '';
  return [
    `  ${place} waits: ${reason}${message ? `: ${message.slice(0, LENGTH)}` : ''}`,
    ...lastLines(crash).map((line) => `      ${line}`),
  ];
}

/** The last lines of a log, without the kubelet's timestamps. */
function lastLines(text: string): string[] {
  const lines = text.trimEnd().split('\n').slice(-CRASH_LINES);
  return lines.map((line) => splitTimestamp(line).text.slice(0, LENGTH)).filter((line) => line !== '');
}
