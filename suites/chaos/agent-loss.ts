import { agentRow } from '../clients/manager/agents.ts';
import type { Deployment } from '../clients/manager/deployment.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';

/** An agent's heartbeat and the silence after which it is LOST: charts/backend-ai/ci/e2e-values.yaml. */
export const HEARTBEAT_SECONDS = 5;
export const SILENCE_SECONDS = 15;
/** The leader looks for silent agents that often (ai.backend.manager.tasks.agent_lost_checker), ... */
export const CHECK_SECONDS = 5;
/** ... and the event that it writes is worked off a little later, on two busy cores. */
export const LATE_SECONDS = 5;
/** From the fault on, whose last heartbeat may have been sent up to an interval before it. */
export const LOST_SECONDS = {
  least: SILENCE_SECONDS - HEARTBEAT_SECONDS - 1,
  most: SILENCE_SECONDS + CHECK_SECONDS + LATE_SECONDS,
};

/** Seconds from the last heartbeat that Valkey knew of until the agent was LOST, by the manager's clock. */
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
