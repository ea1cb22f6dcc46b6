import { FAULT_REASONS, type FaultReceipt } from '@backendai-e2e/api/fault';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import type { Refusal } from './accept.ts';
import type { TargetSeen } from './observe.ts';
import type { Timing } from './timing.ts';
import { hasTime, isHopeless, LOOK_MS, notAfter, nothingDone } from './timing.ts';
import { FOLLOW_ROUNDS, MEND_ROUNDS, START_ROUNDS, type ToolSeen } from './tool-state.ts';
import { MENDERS, STARTERS, type ToolAction, type ToolCall } from './tools.ts';

/** What comes next for a target. */
export interface PodStep {
  receipt: FaultReceipt;
  call?: ToolCall;
  refusal?: Refusal;
  lookAgainMs?: number;
}

/** Seconds that a tool gets to mend by itself after its time is over. */
const OVERDUE_SECONDS = 15;
/** A tool that has not been started this long after it was too late to inject will do nothing any more. */
const LATE_START_SECONDS = 10;
const WATCH_MS = 5_000;

/** Decides about one target of a partition, a pause or a kill. Pure. */
export function stepInPod(
  action: ToolAction,
  before: FaultReceipt,
  seen: TargetSeen,
  timing: Timing,
): PodStep {
  if (before.seenHealedAt) return { receipt: before };
  if (!seen.pod) return { receipt: gone(before, timing.now) };
  const receipt = seen.tools.reduce(withLines, withPeers(before, seen.tools));
  const starters = seen.tools.filter(({ tool }) => tool === STARTERS[action]);
  const starter = starters.find(({ state }) => state !== 'unstarted');
  if (!starter) return start(action, receipt, seen, timing, starters.length + 1);
  const refused = starter.lines?.find(({ event }) => event === 'refused');
  if (refused) {
    const refusal = { reason: FAULT_REASONS.unsupported, message: refused.evidence };
    return { receipt: nothingDone(receipt, timing.now, 'it was refused'), refusal };
  }
  if (starter.lines?.some(({ event }) => event === 'late')) {
    return { receipt: nothingDone(receipt, timing.now, 'it was too late to inject it') };
  }
  if (receipt.seenHealedAt) return { receipt };
  if (isHopeless(receipt, timing)) return { receipt };
  if (!receipt.injectedAt && starter.state === 'waiting') {
    const never = notAfter(timing).getTime() + LATE_START_SECONDS * 1000;
    if (timing.now.getTime() > never) {
      return { receipt: nothingDone(receipt, timing.now, 'its container was never started') };
    }
    return { receipt, lookAgainMs: LOOK_MS };
  }
  if (action === 'kill') return { receipt: restarted(receipt, seen.pod, timing.now), lookAgainMs: LOOK_MS };
  if (mustMend(receipt, starter, timing)) return mend(action, receipt, seen);
  return follow(action, receipt, seen, timing);
}

/** @param round 1, or more when the containers before could not be started */
function start(
  action: ToolAction,
  receipt: FaultReceipt,
  seen: TargetSeen,
  timing: Timing,
  round: number,
): PodStep {
  if (round > START_ROUNDS) {
    return {
      receipt: nothingDone(receipt, timing.now, `none of ${START_ROUNDS} containers could be started`),
    };
  }
  if (!hasTime(timing)) return { receipt: nothingDone(receipt, timing.now, 'it was not injected in time') };
  const { peers } = seen;
  if (action === 'networkPartition' && (peers?.addresses.length ?? 0) === 0) {
    const message = 'the other side of the partition has no pod with an address';
    return {
      receipt: nothingDone(receipt, timing.now, message),
      refusal: { reason: FAULT_REASONS.noTargets, message },
    };
  }
  const call = {
    tool: STARTERS[action],
    round,
    peers,
    seconds: timing.seconds,
    notAfter: notAfter(timing),
  };
  return {
    receipt: peers ? { ...receipt, peers: peers.addresses } : receipt,
    call,
    lookAgainMs: LOOK_MS,
  };
}

/** The tool mends by itself when its time is over; this is for when that is to be earlier, or it did not. */
function mustMend(receipt: FaultReceipt, starter: ToolSeen, timing: Timing): boolean {
  // Before it has injected, a mender would have nothing to mend and the starter could still begin.
  if (!receipt.injectedAt) return starter.state === 'ended' && starter.lines !== undefined;
  const end = Date.parse(receipt.injectedAt) + (timing.seconds + OVERDUE_SECONDS) * 1000;
  const abandoned = starter.state === 'ended' && starter.lines !== undefined;
  return timing.wantsHealing || abandoned || timing.now.getTime() > end;
}

function mend(action: Exclude<ToolAction, 'kill'>, receipt: FaultReceipt, seen: TargetSeen): PodStep {
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
function follow(action: ToolAction, receipt: FaultReceipt, seen: TargetSeen, timing: Timing): PodStep {
  if (!receipt.seenInForceAt || !receipt.injectedAt) return { receipt, lookAgainMs: LOOK_MS };
  const left = Date.parse(receipt.injectedAt) + timing.seconds * 1000 - timing.now.getTime();
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
  let after = tool.trouble ? { ...receipt, trouble: tool.trouble.slice(0, LENGTHS.message) } : receipt;
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
    healedEvidence: `the API server no longer has pod ${receipt.pod} with uid ${receipt.uid}`,
  };
}
