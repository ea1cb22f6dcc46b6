import { agentRow } from '../clients/manager/agents.ts';
import type { Deployment } from '../clients/manager/deployment.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';

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
