import type { Fault, FaultAction, FaultReceipt } from '@backendai-e2e/api/fault';
import type { V1EphemeralContainer } from '@kubernetes/client-node';
import type { Peers } from './peers.ts';

/** The first argument of images/fault-tools. */
export type Tool = 'partition' | 'repartition' | 'mend-partition' | 'pause' | 'resume' | 'kill';

/** The tool that injects each action that acts inside a pod, and the one that heals it. */
export const STARTERS = { networkPartition: 'partition', pause: 'pause', kill: 'kill' } as const;
export const MENDERS = { networkPartition: 'mend-partition', pause: 'resume' } as const;

/** An action that a tool inside the target's pod carries out. */
export type ToolAction = keyof typeof STARTERS;

/** Whether a tool inside the pod carries out the action. */
export function isInPod(action: FaultAction): action is ToolAction {
  return action in STARTERS;
}

/** Option of a tool's arguments whose value is the addresses on the other side. */
const PEERS_OPTION = '--peers';

/** The addresses in a tool's arguments; none when it was given none. */
export function peersIn(args: readonly string[]): string[] {
  const at = args.indexOf(PEERS_OPTION);
  return at < 0 ? [] : (args[at + 1] ?? '').split(',').filter((address) => address !== '');
}

/** Seconds after the acceptance of a fault within which it must be injected. */
export const START_SECONDS = 120;

/** Name of a fault inside pods: part of its uid, so that remains of an earlier fault do not match. */
export function faultId(fault: Fault): string {
  const { name, uid } = fault.metadata;
  if (!uid) throw new Error(`Fault ${name} has no uid: it was not read from the API server`);
  return uid.replaceAll('-', '').slice(0, 12);
}

/** Name of the ephemeral container of a tool; `round` counts repetitions, from 1. */
export function toolContainerName(fault: Fault, tool: Tool, round: number): string {
  return `fault-${faultId(fault)}-${tool}${round > 1 ? `-${round}` : ''}`;
}

/** One start of a tool: an ephemeral container, named after tool and round. */
export interface ToolCall {
  tool: Tool;
  round: number;
  /** For a partition. */
  peers?: Peers | undefined;
  /** Seconds that the effect lasts. */
  seconds?: number | undefined;
  /** The last time to inject. */
  notAfter?: Date | undefined;
}

/**
 * The ephemeral container that runs a tool in the target's pod. It has one capability. NET_ADMIN allows nftables in the pod's
 * network namespace, KILL allows signals to other users' processes in its process namespace.
 */
export function toolContainer(
  fault: Fault,
  receipt: FaultReceipt,
  call: ToolCall,
  image: string,
): V1EphemeralContainer {
  const { tool, round, peers, seconds, notAfter } = call;
  const network = tool.endsWith('partition');
  const options: [string, string | undefined][] = [
    ['--fault', faultId(fault)],
    ['--seconds', seconds?.toString()],
    ['--not-after', notAfter && String(Math.floor(notAfter.getTime() / 1000))],
    ['--direction', tool === 'partition' ? directionOf(fault) : undefined],
    ['--ports', peers?.ports.join(',')],
    [PEERS_OPTION, peers?.addresses.join(',')],
    ['--probes', peers?.probes.join(',')],
    ['--container', network ? undefined : receipt.containerId],
  ];
  return {
    name: toolContainerName(fault, tool, round),
    image,
    imagePullPolicy: 'IfNotPresent',
    args: [tool, ...options.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))],
    ...(network || !receipt.container ? {} : { targetContainerName: receipt.container }),
    securityContext: {
      // Kubernetes grants capabilities only to root; this root has no other rights.
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: [network ? 'NET_ADMIN' : 'KILL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

function directionOf(fault: Fault): string {
  return (fault.spec.networkPartition?.direction ?? 'Both').toLowerCase();
}
