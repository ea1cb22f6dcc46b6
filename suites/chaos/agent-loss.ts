import { CONTAINER_LABELS, containersOf } from '../clients/cluster/agent-observer.ts';
import { type AgentRow, agentRow } from '../clients/manager/agents.ts';
import type { Deployment } from '../clients/manager/deployment.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import type { World } from '../fixtures/world.ts';

/** Interval of heartbeats, and silence after which an agent is LOST: charts/backend-ai/ci/e2e-values.yaml. */
export const HEARTBEAT_SECONDS = 5;
export const SILENCE_SECONDS = 15;
/** Interval at which the leader searches for silent agents (ai.backend.manager.tasks.agent_lost_checker). */
export const CHECK_SECONDS = 5;
/** Delay until its event is handled, on a node with a pace of 1; see MachinePace. */
export const LATE_SECONDS = 5;
/** Bounds from the fault until LOST. The last heartbeat may be up to one interval older than the fault. */
export const LOST_SECONDS = {
  least: SILENCE_SECONDS - HEARTBEAT_SECONDS - 1,
  most: SILENCE_SECONDS + CHECK_SECONDS + LATE_SECONDS,
};

/** Waits until an agent is LOST. Returns the seconds since its last heartbeat in Valkey, by the manager's clock. */
export async function lost(
  deployment: Pick<Deployment, 'database' | 'valkey'>,
  agent: string,
): Promise<{ silentSeconds: number; at: number }> {
  let heardAt = Number.NaN;
  const row = await waitUntil(
    `agent ${agent} to be LOST`,
    async () => {
      heardAt = (await deployment.valkey.agentsLastSeen())[agent] ?? heardAt;
      const now = await agentRow(deployment, agent);
      return now.status === 'LOST' ? now : notYet(now.status);
    },
    { deadlineSeconds: LOST_SECONDS.most + 30, everyMs: 200 },
  );
  const at = row.lost_at?.getTime() ?? Number.NaN;
  return { silentSeconds: at / 1000 - heardAt, at };
}

/** Cores of an agent that sessions may use. */
export async function coresOf({ database }: Pick<Deployment, 'database'>, agent: string): Promise<number> {
  const slots = await database.agentSlots();
  const cpu = slots.find((slot) => slot.agent_id === agent && slot.slot_name === 'cpu');
  return cpu?.capacity ?? Number.NaN;
}

/** Number of running containers of the session on its agent, as the engine reports them. */
export async function running(world: World, agent: string, session: string): Promise<number> {
  const all = await containersOf(world.observer(agent), CONTAINER_LABELS.session, session);
  return all.filter((container) => container.state === 'running').length;
}

/** Kernels that ended before the agent was killed, and have scratch directories there. */
export async function broughtBack(
  world: World,
  { agent, at }: { agent: string; at: Date },
): Promise<string[]> {
  const there = await world.observer(agent).scratches();
  const sql = 'SELECT id::text FROM kernels WHERE id::text = ANY($1) AND terminated_at < $2';
  const ended: { id: string }[] = await world.database.rows(sql, [there, at]);
  return ended.map(({ id }) => id);
}

/** What became of an agent whose pod was replaced. */
export interface Replaced {
  /** Its row when it was LOST or TERMINATED. undefined: the new pod was back before that. */
  gone: AgentRow | undefined;
  /** Longest time between two of its heartbeats in Valkey, seconds, by the manager's clock. */
  silentSeconds: number;
}

/**
 * Waits until an agent whose pod was replaced is LOST or TERMINATED. A heartbeat after the new pod is ready counts, too. A new
 * pod on a fast machine may be back before the silence is long enough.
 * @param ready whether the new pod is ready
 */
export async function replaced(
  deployment: Pick<Deployment, 'database' | 'valkey'>,
  agent: string,
  ready: () => boolean,
  deadlineSeconds: number,
): Promise<Replaced> {
  const beats: number[] = [];
  let readySince: number | undefined;
  const gone = await waitUntil(
    `agent ${agent} to be LOST or TERMINATED, or to be back`,
    async () => {
      const beat = (await deployment.valkey.agentsLastSeen())[agent];
      if (beat !== undefined && beat !== beats.at(-1)) beats.push(beat);
      const row = await agentRow(deployment, agent);
      if (row.status === 'LOST' || row.status === 'TERMINATED') return { row };
      if (ready()) readySince ??= beats.length;
      const back = readySince !== undefined && beats.length > readySince;
      return back ? { row: undefined } : notYet({ status: row.status, beats: beats.slice(-3), readySince });
    },
    { deadlineSeconds, everyMs: 200 },
  );
  return { gone: gone.row, silentSeconds: longestSilence(beats) };
}

/** Longest time between two neighbors of a list of times, 0 for fewer than two. */
export function longestSilence(times: readonly number[]): number {
  return Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}
