import { LEADER_LOCKS } from '@backendai-e2e/api/fault';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { agentsAtWork, agentsReached, RECONNECT_SECONDS } from '../clients/manager/agents.ts';
import { eachManager } from '../clients/manager/discovery.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { type Component, checkReady } from '../fixtures/precondition.ts';
import type { World } from '../fixtures/world.ts';

/** From the end of a fault until everything must be as before: a manager starts for half a minute on two busy cores. */
const HEALTHY_SECONDS = 180;
/** Time of a hook: until all is healthy, agents are at work, and managers have made connections to them anew. */
const HOOK_MS = (HEALTHY_SECONDS + 130 + RECONNECT_SECONDS) * 1000;
/**
 * A component looks at what it needs once in a minute and takes up to 5 s for it (LOOK_TAKES_SECONDS in health.ts): one that began
 * just before the end of a fault takes itself out of service after it. Where what components look at was away, they must have been
 * healthy for longer than that.
 */
export const LOOKED_AT_MS = 6_500;
/** Agents beat every 5 s (charts/backend-ai/ci/e2e-values.yaml). */
const BEAT_SECONDS = 20;

const ALL: readonly Component[] = [
  'postgres',
  'valkey',
  'etcd',
  'manager',
  'agent',
  'storage-proxy',
  'webserver',
];

/** What counts as healthy: `of` which components (all of them by default), and for how many milliseconds they must have been so. */
interface Health {
  of?: readonly Component[];
  settledMs?: number;
}

/**
 * Lets the describe in which it is called (after useWorld) leave the deployment as healthy as it found it: after each test,
 * also after one that failed, it waits until every component answers, two managers do so by themselves, one of them leads,
 * and each agent is ALIVE by a heartbeat that is younger than the wait, with the slots that it has, and reached by each manager.
 * What stays broken fails the test's hook.
 * @param health settledMs {@link LOOKED_AT_MS} where components miss what is taken away; less than all components where the next
 *   test needs no more, then with {@link leaveHealthy}
 */
export function useRecovery(world: () => World, health: Health = {}): void {
  afterEach('the deployment is healthy again', async function () {
    this.timeout(HOOK_MS);
    const since = performance.now();
    await untilHealthy(world(), health);
    measure('healthy-after-test', (performance.now() - since) / 1000, 's');
  });
}

/**
 * Waits once, at the end of the describe, until all components are healthy; not where it could not begin, as that is no failure
 * of its own. Called before useWorld, whose own hook closes the connections.
 */
export function leaveHealthy(world: () => World, settledMs: number): void {
  let begun = false;
  beforeEach(() => {
    begun = true;
  });
  after('all of the deployment is healthy again', async function () {
    this.timeout(HOOK_MS);
    if (begun) await untilHealthy(world(), { settledMs });
  });
}

/** Waits until the deployment is healthy. Throws WaitedInVain with what was last seen. */
async function untilHealthy(world: World, { of = ALL, settledMs = 0 }: Health = {}): Promise<void> {
  const begin = Date.now() / 1000;
  let well: number | undefined;
  await waitUntil(
    `${of.join(', ')} to be healthy`,
    async () => {
      const since = well ?? Date.now();
      // Whatever is missing now, or throws, begins the time anew.
      well = undefined;
      await checkReady(of, world);
      const { each } = await eachManager(world);
      for (const { asUser } of each) {
        await asUser.api.request({ method: 'GET', path: '/health/readyz', timeoutMs: 5_000 });
      }
      const leader = await world.valkey.db(VALKEY_DB.streamLock).get(LEADER_LOCKS.scheduler.key);
      if (leader === null) return notYet('no manager leads');
      const seen = await world.valkey.agentsLastSeen();
      const now = Date.now() / 1000;
      const silent = world.connection.agents.filter(({ id }) => {
        const at = seen[id] ?? 0;
        return at < begin - 1 || now - at > BEAT_SECONDS;
      });
      if (silent.length > 0) return notYet(`no fresh heartbeat of ${silent.map(({ id }) => id)}`);
      well = since;
      return Date.now() - since >= settledMs ? undefined : notYet('all are healthy, but only just');
    },
    // A look asks the managers through the webserver without an account; 1000 such requests in 15 min are the most that one address
    // is answered (ai.backend.manager.api.rest.ratelimit). Whatever fails here is what the deployment, or a connection of the suite
    // to it, has still to recover from.
    { deadlineSeconds: HEALTHY_SECONDS, everyMs: 1_000, tolerate: () => true },
  );
  await agentsAtWork(world);
  // A manager that has begun anew may take one of its connections to agents for broken.
  if (of.includes('agent')) await agentsReached(world);
}
