import { LEADER_LOCKS } from '@backendai-e2e/api/fault';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { agentsAtWork, agentsReached, RECONNECT_SECONDS } from '../clients/manager/agents.ts';
import { eachManager } from '../clients/manager/discovery.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { type Component, checkReady } from '../fixtures/precondition.ts';
import type { World } from '../fixtures/world.ts';

/** Longest time from the end of a fault until everything is healthy. A manager starts in 30 s on two busy cores. */
const HEALTHY_SECONDS = 180;
/** Timeout of a hook: everything is healthy, agents work, and managers have renewed their connections to agents. */
const HOOK_MS = (HEALTHY_SECONDS + 130 + RECONNECT_SECONDS) * 1000;
/**
 * A component checks its dependencies once a minute, for up to 5 s (LOOK_TAKES_SECONDS in health.ts). A check that starts
 * just before the end of a fault takes the component out of service after it. After the loss of a dependency, components
 * must therefore be healthy for longer than that.
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

/** When a deployment is healthy: which components (default: all), and for how many milliseconds without a break. */
interface Health {
  of?: readonly Component[];
  settledMs?: number;
}

/**
 * Makes the surrounding describe leave the deployment healthy. Call it after useWorld. After each test, also a failed one, it
 * waits until every component and two managers answer, and one manager leads. Each agent must be ALIVE with a fresh heartbeat and
 * its slots, and reachable from each manager. A component that stays broken fails the hook.
 * @param health `settledMs` is {@link LOOKED_AT_MS} when components miss a dependency. Give fewer components as `of` when the next
 *   test needs no more, together with {@link leaveHealthy}.
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
 * Waits once, at the end of the describe, until all components are healthy. It does nothing when no test has started.
 * Call it before useWorld, whose own hook closes the connections.
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

/** Waits until the deployment is healthy. Throws WaitTimeout with what was last seen. */
async function untilHealthy(world: World, { of = ALL, settledMs = 0 }: Health = {}): Promise<void> {
  const begin = Date.now() / 1000;
  let well: number | undefined;
  await waitUntil(
    `${of.join(', ')} to be healthy`,
    async () => {
      const since = well ?? Date.now();
      // A missing component or an error restarts the time.
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
      return Date.now() - since >= settledMs ? undefined : notYet('all are healthy, but not for long enough');
    },
    // Each check sends requests to the managers through the webserver without an account. One address may send 1000 such
    // requests in 15 min (ai.backend.manager.api.rest.ratelimit). Every error means that something has not recovered yet.
    { deadlineSeconds: HEALTHY_SECONDS, everyMs: 1_000, tolerate: () => true },
  );
  await agentsAtWork(world);
  // A restarted manager may consider one of its connections to agents broken.
  if (of.includes('agent')) await agentsReached(world);
}
