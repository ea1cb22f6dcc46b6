import { expect } from 'chai';
import { expectFilesClosed } from '../assertions/open-files.ts';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { readMetric } from '../clients/http/metrics.ts';
import { eachManager, type OneManager } from '../clients/manager/discovery.ts';
import { Browser, WEB_COOKIE } from '../clients/web/browser.ts';
import { measure } from '../evidence/record.ts';
import { passes } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

const MIB = 1024 * 1024;
/** Requests that fill caches and pools, and then those that must not need more memory. */
const WARM_UP = 150;
const REQUESTS = 450;
const AT_ONCE = 8;
/** A process updates its metrics of memory every 10 s (SYSTEM_METRIC_UPDATE_INTERVAL in ai.backend.common.metrics.http). */
const UPDATED_SECONDS = 11;
/** Memory that a process may have gained, MiB: less than 30 KiB for each request. */
const MOST_MIB = 12;
/** Files that a process may have gained: connections of its pools. */
const MOST_FILES = 30;
/** Requests through the webserver, and connections of all components that may come meanwhile. */
const THROUGH_WEB = 40;
const MOST_CLIENTS = 15;
/** Looks at the connections after the requests, one each second, because they close late. */
const LOOKS = 10;

describe('growth', function () {
  this.timeout(240_000);
  const world = useWorld(['manager', 'webserver', 'valkey']);
  let managers: OneManager[];

  before('both managers answer at their own addresses', async () => {
    managers = (await eachManager(world())).each;
  });

  /** Resident memory of a manager, MiB. */
  const memory = async ({ host }: OneManager): Promise<number> => {
    await passes(UPDATED_SECONDS);
    const samples = await readMetric(`http://${host}:18080`, 'backendai_memory_used_rss');
    return samples.reduce((sum, { value }) => sum + value, 0) / MIB;
  };

  const send = async (manager: OneManager, requests: number): Promise<void> => {
    let left = requests;
    const sender = async (): Promise<void> => {
      for (; left > 0; left -= 1) await manager.asUser.api.request({ method: 'GET', path: '/auth/role' });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
  };

  it(`a manager closes its files after ${WARM_UP} requests`, async function () {
    for (const manager of managers) {
      await send(manager, WARM_UP);
      const limit = { who: `manager ${manager.id}`, url: `http://${manager.host}:18080`, most: MOST_FILES };
      await expectFilesClosed(this, world().connection, limit, () => send(manager, WARM_UP));
    }
  });

  it(`the webserver closes its connections to Valkey after ${THROUGH_WEB} requests`, async () => {
    const { connection, valkey, afterTest } = world();
    const { email, password } = connection.accounts.user;
    const statistics = valkey.db(VALKEY_DB.statistics);
    const clients = async (): Promise<number> =>
      String(await statistics.client('LIST'))
        .trim()
        .split('\n').length;
    const browser = new Browser(connection.webserver.url);
    await browser.login(email, password);
    afterTest.add('login', () => statistics.del(`${WEB_COOKIE}_${browser.cookie}`));
    await browser.folders.list();
    const before = await clients();
    for (let count = 0; count < THROUGH_WEB; count += 1) await browser.folders.list();
    let gained = Number.POSITIVE_INFINITY;
    for (let look = 0; look < LOOKS && gained > MOST_CLIENTS; look += 1) {
      await passes(1);
      gained = (await clients()) - before;
    }
    measure('connections-gained-by-webserver', gained, 'connections', MOST_CLIENTS);
    expect(gained, 'connections to Valkey that the webserver left open').to.be.at.most(MOST_CLIENTS);
  });

  it(`a manager needs no more memory after ${REQUESTS} requests`, async () => {
    for (const manager of managers) {
      await send(manager, WARM_UP);
      const before = await memory(manager);
      await send(manager, REQUESTS);
      const gained = (await memory(manager)) - before;
      // Without the name of the pod, so that runs compare.
      measure('memory-gained-by-a-manager', gained, 'MiB', MOST_MIB);
      expect(gained, `MiB of memory that manager ${manager.id} gained`).to.be.at.most(MOST_MIB);
    }
  });
});
