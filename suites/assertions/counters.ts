import { CONTAINER_LABELS } from '../clients/cluster/agent-observer.ts';
import { END_SECONDS } from '../clients/manager/session-watch.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import type { World } from '../fixtures/world.ts';

/**
 * Waits until all sources agree: the rows of agents and of their kernels, the API, the containers, and Valkey.
 * @param ended sessions that have ended and may have no container
 * @throws WaitTimeout with the differences
 */
export async function countersEqualKernels(world: World, ended: readonly string[]): Promise<void> {
  const { admin, connection, database, valkey } = world;
  // Other suites run meanwhile, so one statement reads both sides, until they agree.
  await waitUntil(
    'the counters of the agents to equal what their kernels hold',
    async () => {
      const wrong = await database.rows(
        `SELECT r.agent_id, r.slot_name, r.used::float8, coalesce(sum(a.used), 0)::float8 AS held
           FROM agent_resources r
           LEFT JOIN kernels k ON k.agent = r.agent_id
           LEFT JOIN resource_allocations a
             ON a.kernel_id = k.id AND a.slot_name = r.slot_name AND a.free_at IS NULL
          GROUP BY r.agent_id, r.slot_name, r.used HAVING r.used <> coalesce(sum(a.used), 0)`,
      );
      return wrong.length === 0 ? undefined : notYet(wrong);
    },
    { deadlineSeconds: 20 },
  );
  await waitUntil(
    'the API to show what the database counts',
    async () => {
      const [shown, slots] = await Promise.all([admin.agents(), database.agentSlots()]);
      const wrong = slots.filter((slot) => {
        const agent = shown.find((candidate) => candidate.id === slot.agent_id);
        const occupied: Record<string, string> = JSON.parse(agent?.occupied_slots ?? '{}');
        return Number(occupied[slot.slot_name] ?? 0) !== slot.used;
      });
      return wrong.length === 0 ? undefined : notYet({ wrong, shown });
    },
    { deadlineSeconds: 20 },
  );
  await waitUntil(
    'the containers of these sessions to be gone',
    async () => {
      const found = (
        await Promise.all(
          world
            .observers()
            .map(async (observer) =>
              (
                await observer.containers()
              ).filter((container) => ended.includes(container.labels[CONTAINER_LABELS.session] ?? '')),
            ),
        )
      ).flat();
      return found.length === 0 ? undefined : notYet(found.map((one) => `${one.id} ${one.state}`));
    },
    { deadlineSeconds: 2 * END_SECONDS },
  );
  await waitUntil(
    'what agents count in Valkey to equal the kernels in the database',
    async () => {
      const living = await database.rows<{ agent: string; kernels: number }>(
        `SELECT agent, count(*)::int AS kernels FROM kernels
          WHERE agent IS NOT NULL AND container_id IS NOT NULL
            AND status::text NOT IN ('TERMINATED', 'CANCELLED', 'ERROR') GROUP BY agent`,
      );
      const counted = await Promise.all(
        connection.agents.map(async ({ id }) => ({
          agent: id,
          valkey: await valkey.containerCount(id),
          database: living.find((row) => row.agent === id)?.kernels ?? 0,
        })),
      );
      return counted.every((one) => one.valkey === one.database) ? undefined : notYet(counted);
    },
    { deadlineSeconds: 60 },
  );
}
