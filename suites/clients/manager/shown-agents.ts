import { readMetric } from '../http/metrics.ts';
import type { Deployment } from './deployment.ts';

/** An agent as the API shows it. Slots are JSON: amounts by slot. */
export interface ShownAgent {
  id: string;
  status: string;
  addr: string;
  version: string;
  compute_plugins: string;
  architecture: string;
  scaling_group: string;
  available_slots: string;
  occupied_slots: string;
  schedulable: boolean;
}

/** Every agent as the API shows it. */
export async function shownAgents({ admin }: Pick<Deployment, 'admin'>): Promise<ShownAgent[]> {
  const fields = `id status addr version compute_plugins architecture scaling_group available_slots occupied_slots
      schedulable`;
  const query = `query { agent_list(limit: 100, offset: 0, order: "id") { items { ${fields} } } }`;
  return (await admin.graphql<{ agent_list: { items: ShownAgent[] } }>(query)).agent_list.items;
}

/** Amounts by slot, as numbers. */
export function amounts(slots: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(JSON.parse(slots) as Record<string, string>).map(([name, amount]) => [
      name,
      Number(amount),
    ]),
  );
}

/** Number of calls to a method of the agent's RPC, as the agent counts it. */
export async function rpcCalls(
  { connection }: Pick<Deployment, 'connection'>,
  agent: string,
  method: string,
): Promise<number> {
  const endpoint = connection.agents.find((candidate) => candidate.id === agent);
  const samples = await readMetric(endpoint?.httpUrl ?? '', 'backendai_rpc_requests_total');
  return samples.find((sample) => sample.labels.method === method)?.value ?? 0;
}

/** Used slots of an agent by slot name, as each source reports them. */
export interface SlotsInUse {
  /** By the kernels' rows. */
  held: Record<string, number>;
  /** By the agent's row. */
  used: Record<string, number>;
  /** By the API. */
  occupied: Record<string, number>;
  /** Whether they agree. */
  same: boolean;
}

/** Compares the used slots of an agent in the kernels' rows, in the agent's row and in the API. */
export async function slotsInUse(
  deployment: Pick<Deployment, 'admin' | 'database'>,
  agent: string,
): Promise<SlotsInUse> {
  const { database } = deployment;
  const [held, slots, shown] = await Promise.all([
    database.heldOn(agent),
    database.agentSlots(),
    shownAgents(deployment),
  ]);
  const own = slots.filter((row) => row.agent_id === agent);
  const used = Object.fromEntries(own.map((row) => [row.slot_name, row.used]));
  const occupied = amounts(shown.find(({ id }) => id === agent)?.occupied_slots ?? '{}');
  const same = Object.keys(used).every(
    (slot) => used[slot] === (held[slot] ?? 0) && used[slot] === occupied[slot],
  );
  return { held, used, occupied, same };
}
