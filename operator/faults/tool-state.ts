import type { Fault } from '@backendai-e2e/api/fault';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import type { ReceiptLine } from './receipt-lines.ts';
import { peersIn, type Tool, toolContainerName } from './tools.ts';

/** Maximum number of tools per pod to inject, to heal, and to follow peers: ephemeral containers stay in its spec. */
export const START_ROUNDS = 3;
export const MEND_ROUNDS = 3;
export const FOLLOW_ROUNDS = 20;
/** A tool in the target's pod. */
export interface ToolSeen {
  tool: Tool;
  round: number;
  /** Name of its container. */
  name: string;
  /** "unstarted": the runtime failed to start it, and an ephemeral container is never started a second time. */
  state: 'waiting' | 'running' | 'ended' | 'unstarted';
  /** The addresses that it was started with, for a partition. */
  peers?: readonly string[];
  /** Its output; undefined when its log could not be read. */
  lines: readonly ReceiptLine[] | undefined;
  /** Why it does not start, or why its log could not be read. */
  trouble?: string | undefined;
}

/** The tools of this fault in a pod, in the order of their creation, without their output. */
export function toolsIn(fault: Fault, pod: Pod): Omit<ToolSeen, 'lines'>[] {
  const statuses = pod.status?.ephemeralContainerStatuses ?? [];
  const present = new Map((pod.spec?.ephemeralContainers ?? []).map(({ name, args }) => [name, args ?? []]));
  const named = (tool: Tool, rounds: number) =>
    Array.from({ length: rounds }, (_, index) => ({
      tool,
      round: index + 1,
      name: toolContainerName(fault, tool, index + 1),
    }));
  return [
    ...named('partition', START_ROUNDS),
    ...named('pause', START_ROUNDS),
    ...named('kill', START_ROUNDS),
    ...named('repartition', FOLLOW_ROUNDS),
    ...named('mend-partition', MEND_ROUNDS),
    ...named('resume', MEND_ROUNDS),
  ]
    .filter(({ name }) => present.has(name))
    .map((tool) => {
      const known = { ...tool, peers: peersIn(present.get(tool.name) ?? []) };
      const state = statuses.find(({ name }) => name === known.name)?.state;
      const failed = [state?.waiting, state?.terminated].find((one) => isFailedStart(one?.reason));
      if (failed) {
        return {
          ...known,
          state: 'unstarted' as const,
          trouble: `${failed.reason}: ${failed.message ?? ''}`,
        };
      }
      if (state?.terminated) return { ...known, state: 'ended' as const };
      if (state?.running) return { ...known, state: 'running' as const };
      const { reason, message } = state?.waiting ?? {};
      const trouble = reason && reason !== 'ContainerCreating' ? `${reason}: ${message ?? ''}` : undefined;
      return { ...known, state: 'waiting' as const, trouble };
    });
}

/**
 * Whether the container was created but its program never started. The kubelet first reports RunContainerError, later the
 * runtime's reason (StartError of containerd). It retries only containers that it could not create.
 */
function isFailedStart(reason: string | undefined): boolean {
  return reason === 'RunContainerError' || reason === 'StartError';
}
