import { expect } from 'chai';
import { Inconclusive } from '../../evidence/record.ts';
import { notYet, waitUntil } from '../../evidence/waiting.ts';
import { GraphQlError } from './backend-ai.ts';
import type { Deployment } from './deployment.ts';
import { eachManager, type OneManager } from './discovery.ts';

/** Time for an agent to become ALIVE again and announce its slots. A new pod needs 30 s of it. */
const BACK_SECONDS = 120;

/** Each manager checks its connections to agents every 30 s and renews those that were broken for 60 s (ai.backend.manager.clients.agent.pool). */
export const RECONNECT_SECONDS = 120;

/** The hardware that an agent reports. null: the manager does not ask the agent. */
interface Hardware {
  agent: { hardware_metadata: string | null } | null;
}

/** A row of table agents: the columns that suites use. */
export interface AgentRow {
  id: string;
  status: string;
  lost_at: Date | null;
  first_contact: Date;
  status_changed: Date | null;
}

/** The row of an agent. Throws {@link Inconclusive} when the database does not have the agent. */
export async function agentRow({ database }: Pick<Deployment, 'database'>, id: string): Promise<AgentRow> {
  const [row] = await database.rows<AgentRow>(
    'SELECT id, status::text, lost_at, first_contact, status_changed FROM agents WHERE id = $1',
    [id],
  );
  if (!row) throw new Inconclusive(`the database knows no agent ${id}`);
  return row;
}

/** Waits until an agent is in one of the states in the database, and returns its row. */
export function waitForAgent(
  deployment: Pick<Deployment, 'database'>,
  id: string,
  states: readonly string[],
  deadlineSeconds: number,
): Promise<AgentRow> {
  return waitUntil(
    `agent ${id} to be ${states.join(' or ')}`,
    async () => {
      const row = await agentRow(deployment, id);
      return states.includes(row.status) ? row : notYet(row.status);
    },
    { deadlineSeconds, everyMs: 200 },
  );
}

/**
 * Waits until every agent of the deployment is ALIVE in database and API, and has a heartbeat in Valkey. It must also be
 * schedulable and hold only the slots of living kernels.
 */
export async function agentsAtWork(
  deployment: Omit<Deployment, 'etcd'>,
  deadlineSeconds = BACK_SECONDS,
): Promise<void> {
  const { admin, connection, database, valkey } = deployment;
  await waitUntil(
    'every agent to be ALIVE with its slots',
    async () => {
      const [shown, seen, slots] = await Promise.all([
        admin.agents(),
        valkey.agentsLastSeen(),
        database.agentSlots(),
      ]);
      const problems = await Promise.all(
        connection.agents.map(async ({ id }) => {
          const row = await agentRow(deployment, id);
          const agent = shown.find((one) => one.id === id);
          const own = slots.filter((slot) => slot.agent_id === id);
          const held = await database.heldOn(id);
          return [
            ...(row.status === 'ALIVE' ? [] : [`${id} is ${row.status}`]),
            ...(agent?.status === 'ALIVE' && agent.schedulable
              ? []
              : [`${id} is shown as ${JSON.stringify(agent)}`]),
            ...(seen[id] ? [] : [`${id} is not heard of`]),
            ...(own.length > 0 && own.every((slot) => slot.capacity > 0) ? [] : [`${id} has no slots`]),
            ...own
              .filter((slot) => slot.used !== (held[slot.slot_name] ?? 0))
              .map((slot) => `${id} has ${slot.used} ${slot.slot_name} in use, not ${held[slot.slot_name]}`),
          ];
        }),
      );
      return problems.flat().length === 0 ? undefined : notYet(problems.flat());
    },
    // Managers and database answer with errors while they restart.
    { deadlineSeconds, tolerate: () => true },
  );
}

/** Makes an agent schedulable, or drains it. Running sessions continue. */
export async function setSchedulable(
  { admin }: Pick<Deployment, 'admin'>,
  agent: string,
  schedulable: boolean,
): Promise<void> {
  const query = `mutation($agent: String!, $props: ModifyAgentInput!) {
    modify_agent(id: $agent, props: $props) { ok msg } }`;
  const answer = await admin.graphql<{ modify_agent: { ok: boolean; msg: string } }>(query, {
    agent,
    props: { schedulable },
  });
  expect(answer.modify_agent.ok, answer.modify_agent.msg).to.equal(true);
}

/**
 * Waits until every agent answers a call for its hardware from each of the managers (by default: all managers). While a
 * manager considers its connection to an agent broken, sessions scheduled to that agent do not start.
 */
export async function agentsReached(
  deployment: Pick<Deployment, 'connection' | 'valkey'>,
  managers?: readonly OneManager[],
): Promise<void> {
  const query = 'query($agent: String!) { agent(agent_id: $agent) { hardware_metadata } }';
  for (const manager of managers ?? (await eachManager(deployment)).each) {
    for (const { id } of deployment.connection.agents) {
      await waitUntil(
        `${manager.id} to reach agent ${id}`,
        async () => {
          const { agent } = await manager.asAdmin.graphql<Hardware>(query, { agent: id });
          return agent?.hardware_metadata ? undefined : notYet(agent);
        },
        { deadlineSeconds: RECONNECT_SECONDS, tolerate: (error) => error instanceof GraphQlError },
      );
    }
  }
}
