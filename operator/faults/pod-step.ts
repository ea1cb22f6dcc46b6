import { FAULT_REASONS, type FaultReceipt } from '@backendai-e2e/api/fault';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import type { Refusal } from './accept.ts';
import type { TargetSeen } from './observe.ts';
import type { Timing } from './timing.ts';
import { begunBy, hasTime, isHopeless, LOOK_MS, notAfter, nothingDone } from './timing.ts';
import { FOLLOW_ROUNDS, MEND_ROUNDS, START_ROUNDS, type ToolSeen } from './tool-state.ts';
import { MENDERS, STARTERS, type ToolAction, type ToolCall } from './tools.ts';

/** The next step for a target. */
export interface PodStep {
  receipt: FaultReceipt;
  call?: ToolCall;
  refusal?: Refusal;
  lookAgainMs?: number;
}

/** Seconds that a tool has to heal without help after its time. */
const OVERDUE_SECONDS = 15;
/** Seconds after the last time to inject until a tool that has not started is given up. */
const LATE_START_SECONDS = 10;
const WATCH_MS = 5_000;

/** Decides the next step for one target of a partition, a pause or a kill. Pure. */
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

/** @param round 1, or more when earlier containers could not be started */
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

/** Whether a healing tool is needed. A tool heals at the end of its time, unless it must earlier or has failed. */
function mustMend(receipt: FaultReceipt, starter: ToolSeen, timing: Timing): boolean {
  // Before the injection there is nothing to heal, and the tool could still inject.
  if (!receipt.injectedAt) return starter.state === 'ended' && starter.lines !== undefined;
  const end = begunBy(receipt, timing) + (timing.seconds + OVERDUE_SECONDS) * 1000;
  const abandoned = starter.state === 'ended' && starter.lines !== undefined;
  return timing.wantsHealing || abandoned || timing.now.getTime() > end;
}

function mend(action: Exclude<ToolAction, 'kill'>, receipt: FaultReceipt, seen: TargetSeen): PodStep {
  const tool = MENDERS[action];
  const last = seen.tools.filter((known) => known.tool === tool).at(-1);
  if (last?.state === 'waiting' || last?.state === 'running') return { receipt, lookAgainMs: LOOK_MS };
  const round = (last?.round ?? 0) + 1;
  // Keep looking until it is hopeless: the pod may still be deleted.
  if (round > MEND_ROUNDS) return { receipt, lookAgainMs: WATCH_MS };
  // It gets the current peers: only these can answer its probe.
  return { receipt, call: { tool, round, peers: seen.peers }, lookAgainMs: LOOK_MS };
}

/** While in force, extends a partition to new addresses of the other side. */
function follow(action: ToolAction, receipt: FaultReceipt, seen: TargetSeen, timing: Timing): PodStep {
  if (!receipt.seenInForceAt || !receipt.injectedAt) return { receipt, lookAgainMs: LOOK_MS };
  const left = begunBy(receipt, timing) + timing.seconds * 1000 - timing.now.getTime();
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

/** Whether a tool that started was given the peer. A peer without a tool is only in the receipt. */
function isCut(peer: string, tools: readonly ToolSeen[]): boolean {
  const given = tools.filter(({ peers }) => peers?.includes(peer));
  return given.length === 0 || given.some(({ state }) => state !== 'unstarted');
}

/**
 * Adds the peers of started tools to the receipt. After a crash between the start and its record, only the pod holds them.
 */
function withPeers(receipt: FaultReceipt, tools: readonly ToolSeen[]): FaultReceipt {
  const cut = tools.filter(({ tool }) => tool === 'partition' || tool === 'repartition');
  const peers = new Set([...(receipt.peers ?? []), ...cut.flatMap((tool) => tool.peers ?? [])]);
  return peers.size === (receipt.peers ?? []).length ? receipt : { ...receipt, peers: [...peers].sort() };
}

/** Adds the output of a tool to the receipt. The first report of an event counts. */
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

/** A killed container has healed when it is ready again, with another ID. */
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

/** A deleted pod has healed: its network namespace and processes are gone. */
function gone(receipt: FaultReceipt, now: Date): FaultReceipt {
  const at = now.toISOString();
  return {
    ...receipt,
    healedAt: receipt.healedAt ?? at,
    seenHealedAt: at,
    healedEvidence: `the API server no longer has pod ${receipt.pod} with uid ${receipt.uid}`,
  };
}
