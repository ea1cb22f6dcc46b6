import { FAULT_REASONS, type Fault, type FaultAction, type FaultReceipt } from '@backendai-e2e/api/fault';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import type { Refusal } from './accept.ts';
import type { Peers } from './peers.ts';
import type { ReceiptLine } from './receipt-lines.ts';
import type { Moment } from './timing.ts';
import { hasTime, isHopeless, LOOK_MS, notAfter, nothingDone } from './timing.ts';
import { peersIn, type Tool, type ToolCall, toolContainerName } from './tools.ts';

/** A tool that was put into the target's pod. */
export interface ToolSeen {
  tool: Tool;
  round: number;
  /** Name of its container. */
  name: string;
  /** "unstarted": the runtime failed to start it, and an ephemeral container is never started a second time. */
  state: 'waiting' | 'running' | 'ended' | 'unstarted';
  /** Addresses that it was started with, for a partition. */
  peers?: readonly string[];
  /** What it told; undefined when its log could not be read. */
  lines: readonly ReceiptLine[] | undefined;
  /** Why it does not start, or why its log could not be read. */
  trouble?: string | undefined;
}

/** A target as it is now. */
export interface TargetSeen {
  /** Undefined: there is no pod with that uid any more. */
  pod: Pod | undefined;
  tools: readonly ToolSeen[];
  /** The other side of a partition now. */
  peers?: Peers | undefined;
}

/** What comes next for a target. */
export interface PodStep {
  receipt: FaultReceipt;
  call?: ToolCall;
  refusal?: Refusal;
  lookAgainMs?: number;
}

const STARTERS = { networkPartition: 'partition', pause: 'pause', kill: 'kill' } as const;
const MENDERS = { networkPartition: 'mend-partition', pause: 'resume' } as const;
type InPod = keyof typeof STARTERS;

/** Tools that are put into one pod to begin, to mend, and to follow peers, at most: ephemeral containers stay in its spec. */
const START_ROUNDS = 3;
const MEND_ROUNDS = 3;
const FOLLOW_ROUNDS = 20;
/** Seconds that a tool gets to mend by itself after its time is over. */
const OVERDUE_SECONDS = 15;
/** A tool that has not been started this long after it was too late to inject will do nothing any more. */
const LATE_START_SECONDS = 10;
const WATCH_MS = 5_000;

/** Whether the action is carried out by a tool inside of the pod. */
export function isInPod(action: FaultAction): action is InPod {
  return action in STARTERS;
}

/** The tools of this fault in a pod, in the order in which they were put there, without what they told. */
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
 * Whether the container was made but its program never began: the kubelet says RunContainerError as long as it remembers,
 * then what the runtime says (StartError of containerd). It tries again only for what could not even be made.
 */
function isFailedStart(reason: string | undefined): boolean {
  return reason === 'RunContainerError' || reason === 'StartError';
}

/** Decides about one target of a partition, a pause or a kill. Pure. */
export function stepInPod(action: InPod, before: FaultReceipt, seen: TargetSeen, moment: Moment): PodStep {
  if (before.seenHealedAt) return { receipt: before };
  if (!seen.pod) return { receipt: gone(before, moment.now) };
  const receipt = seen.tools.reduce(withLines, withPeers(before, seen.tools));
  const starters = seen.tools.filter(({ tool }) => tool === STARTERS[action]);
  const starter = starters.find(({ state }) => state !== 'unstarted');
  if (!starter) return start(action, receipt, seen, moment, starters.length + 1);
  const refused = starter.lines?.find(({ event }) => event === 'refused');
  if (refused) {
    const refusal = { reason: FAULT_REASONS.unsupported, message: refused.evidence };
    return { receipt: nothingDone(receipt, moment.now, 'it was refused'), refusal };
  }
  if (starter.lines?.some(({ event }) => event === 'late')) {
    return { receipt: nothingDone(receipt, moment.now, 'it was too late to inject it') };
  }
  if (receipt.seenHealedAt) return { receipt };
  if (isHopeless(receipt, moment)) return { receipt };
  if (!receipt.injectedAt && starter.state === 'waiting') {
    const never = notAfter(moment).getTime() + LATE_START_SECONDS * 1000;
    if (moment.now.getTime() > never) {
      return { receipt: nothingDone(receipt, moment.now, 'its container was never started') };
    }
    return { receipt, lookAgainMs: LOOK_MS };
  }
  if (action === 'kill') return { receipt: restarted(receipt, seen.pod, moment.now), lookAgainMs: LOOK_MS };
  if (mustMend(receipt, starter, moment)) return mend(action, receipt, seen);
  return follow(action, receipt, seen, moment);
}

/** @param round 1, or more when the containers before could not be started */
function start(
  action: InPod,
  receipt: FaultReceipt,
  seen: TargetSeen,
  moment: Moment,
  round: number,
): PodStep {
  if (round > START_ROUNDS) {
    return {
      receipt: nothingDone(receipt, moment.now, `none of ${START_ROUNDS} containers could be started`),
    };
  }
  if (!hasTime(moment)) return { receipt: nothingDone(receipt, moment.now, 'it was not injected in time') };
  const { peers } = seen;
  if (action === 'networkPartition' && (peers?.addresses.length ?? 0) === 0) {
    const message = 'the other side of the partition has no pod with an address';
    return {
      receipt: nothingDone(receipt, moment.now, message),
      refusal: { reason: FAULT_REASONS.noTargets, message },
    };
  }
  const call = {
    tool: STARTERS[action],
    round,
    peers,
    seconds: moment.seconds,
    notAfter: notAfter(moment),
  };
  return {
    receipt: peers ? { ...receipt, peers: peers.addresses } : receipt,
    call,
    lookAgainMs: LOOK_MS,
  };
}

/** The tool mends by itself when its time is over; this is for when that is to be earlier, or it did not. */
function mustMend(receipt: FaultReceipt, starter: ToolSeen, moment: Moment): boolean {
  // Before it has injected, a mender would have nothing to mend and the starter could still begin.
  if (!receipt.injectedAt) return starter.state === 'ended' && starter.lines !== undefined;
  const end = Date.parse(receipt.injectedAt) + (moment.seconds + OVERDUE_SECONDS) * 1000;
  const abandoned = starter.state === 'ended' && starter.lines !== undefined;
  return moment.wantsHealing || abandoned || moment.now.getTime() > end;
}

function mend(action: Exclude<InPod, 'kill'>, receipt: FaultReceipt, seen: TargetSeen): PodStep {
  const tool = MENDERS[action];
  const last = seen.tools.filter((known) => known.tool === tool).at(-1);
  if (last?.state === 'waiting' || last?.state === 'running') return { receipt, lookAgainMs: LOOK_MS };
  const round = (last?.round ?? 0) + 1;
  // It is looked at on and until there is no hope: the pod may still go.
  if (round > MEND_ROUNDS) return { receipt, lookAgainMs: WATCH_MS };
  // It is given the peers of now: only these can answer its probe.
  return { receipt, call: { tool, round, peers: seen.peers }, lookAgainMs: LOOK_MS };
}

/** In force: has the other side got new addresses? */
function follow(action: InPod, receipt: FaultReceipt, seen: TargetSeen, moment: Moment): PodStep {
  if (!receipt.seenInForceAt || !receipt.injectedAt) return { receipt, lookAgainMs: LOOK_MS };
  const left = Date.parse(receipt.injectedAt) + moment.seconds * 1000 - moment.now.getTime();
  const lookAgainMs = Math.max(LOOK_MS, Math.min(WATCH_MS, left));
  const known = (receipt.peers ?? []).filter((peer) => isCut(peer, seen.tools));
  const fresh = (seen.peers?.addresses ?? []).filter((address) => !known.includes(address));
  const round = seen.tools.filter(({ tool }) => tool === 'repartition').length + 1;
  if (action !== 'networkPartition' || fresh.length === 0 || round > FOLLOW_ROUNDS || left < 2_000) {
    return { receipt, lookAgainMs };
  }
  const probes = (seen.peers?.probes ?? []).filter((probe) =>
    fresh.some((address) => probe.startsWith(`${address}:`)),
  );
  const peers = { addresses: fresh, ports: [], probes };
  const seconds = Math.ceil(left / 1000);
  return {
    receipt: { ...receipt, peers: [...new Set([...(receipt.peers ?? []), ...fresh])].sort() },
    call: { tool: 'repartition', round, peers, seconds },
    lookAgainMs,
  };
}

/** Whether the peer was given to a tool that could be started; one that no tool was given stands in the record alone. */
function isCut(peer: string, tools: readonly ToolSeen[]): boolean {
  const given = tools.filter(({ peers }) => peers?.includes(peer));
  return given.length === 0 || given.some(({ state }) => state !== 'unstarted');
}

/**
 * The peers that tools were started with, put into the receipt: an operator that died between the start and its record left
 * them in the pod alone.
 */
function withPeers(receipt: FaultReceipt, tools: readonly ToolSeen[]): FaultReceipt {
  const cut = tools.filter(({ tool }) => tool === 'partition' || tool === 'repartition');
  const peers = new Set([...(receipt.peers ?? []), ...cut.flatMap((tool) => tool.peers ?? [])]);
  return peers.size === (receipt.peers ?? []).length ? receipt : { ...receipt, peers: [...peers].sort() };
}

/** What a tool told, put into the receipt. The first to see something is the one who is quoted. */
function withLines(receipt: FaultReceipt, tool: ToolSeen): FaultReceipt {
  let after = tool.trouble ? { ...receipt, trouble: tool.trouble.slice(0, 1000) } : receipt;
  for (const { at, event, evidence } of tool.lines ?? []) {
    if (event === 'injected') after = { injectedAt: at, ...after };
    if (event === 'inForce') after = { seenInForceAt: at, inForceEvidence: evidence, ...after };
    if (event === 'healed') after = { healedAt: at, ...after };
    if (event === 'seenHealed')
      after = { healedAt: at, seenHealedAt: at, healedEvidence: evidence, ...after };
    if (event === 'notSeen' || event === 'failed') after = { ...after, trouble: evidence };
  }
  return after;
}

/** A killed container heals by being started anew: under another ID, and ready. */
function restarted(receipt: FaultReceipt, pod: Pod, now: Date): FaultReceipt {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const status = statuses.find(({ name }) => name === receipt.container);
  const id = status?.containerID?.replace(/^.*:\/\//, '');
  const startedAt = status?.state?.running?.startedAt;
  if (!receipt.seenInForceAt || !startedAt || !status.ready || !id || id === receipt.containerId) {
    return receipt;
  }
  const evidence = `the kubelet says: container ${receipt.container} runs again since ${startedAt} and is ready (restart ${status.restartCount})`;
  const seenHealedAt = now.toISOString();
  return { ...receipt, healedAt: startedAt, seenHealedAt, healedEvidence: evidence };
}

/** A pod that is gone took its network namespace and its processes along. */
function gone(receipt: FaultReceipt, now: Date): FaultReceipt {
  const at = now.toISOString();
  return {
    ...receipt,
    healedAt: receipt.healedAt ?? at,
    seenHealedAt: at,
    healedEvidence: `the API server has no pod ${receipt.pod} with uid ${receipt.uid} any more`,
  };
}
