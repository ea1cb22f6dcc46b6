import { expect } from 'chai';
import { Blocker } from '../chaos/blocker.ts';
import { BackendApiError } from '../clients/http/api.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import { eachManager } from '../clients/manager/discovery.ts';
import { VFolders } from '../clients/manager/vfolders.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { POOL } from '../fixtures/manager-pool.ts';
import { useWorld } from '../fixtures/world.ts';

/** Concurrent requests: more than a manager may have connections. */
const LOAD = POOL.kept + POOL.more + 28;
/** Timeout of a request under load, milliseconds. */
const BUSY_MS = 90_000;

describe('the connection pool of a manager', function () {
  this.timeout(240_000);
  const world = useWorld(['manager', 'postgres', 'valkey']);
  let manager: BackendAi;
  let address: string;
  before('one manager answers at its own address', async () => {
    const [first] = (await eachManager(world())).each;
    if (!first) throw new Error('no manager');
    manager = first.asUser;
    address = first.host;
  });

  /** Current connections of that manager, and of all clients. */
  const connections = async (): Promise<{ manager: number; all: number; allowed: number }> => {
    const [row] = await world().database.rows<{ manager: number; all: number; allowed: number }>(
      `SELECT count(*) FILTER (WHERE host(client_addr) = $1)::int AS manager, count(*)::int AS all,
              current_setting('max_connections')::int AS allowed
         FROM pg_stat_activity WHERE backend_type = 'client backend'`,
      [address],
    );
    if (!row) throw new Error('the database returned no row for counts');
    return row;
  };
  const backToIdle = (): Promise<void> =>
    waitUntil(
      'the manager to close what it opened for the load',
      async () => {
        const now = await connections();
        return now.manager <= POOL.kept ? undefined : notYet(now);
      },
      { deadlineSeconds: 60 },
    );
  /** The largest number of connections during an operation. */
  const mostDuring = async (work: Promise<unknown>): Promise<number> => {
    let over = false;
    const end = work.then(
      () => {
        over = true;
      },
      () => {
        over = true;
      },
    );
    let most = 0;
    while (!over) {
      const now = await connections();
      most = Math.max(most, now.manager);
      expect(now.all, 'connections of all clients').to.be.below(now.allowed);
      await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 100))]);
    }
    return most;
  };

  it('keeps no more connections than its idle size while there is little load', async () => {
    await backToIdle();
    expect((await connections()).manager).to.be.at.least(1);
  });

  it(`serves ${LOAD} concurrent requests without an error`, async () => {
    const folders = new VFolders(manager.api);
    const since = performance.now();
    const load = Promise.all(Array.from({ length: LOAD }, () => folders.list(BUSY_MS)));
    const most = await mostDuring(load);
    const lists = await load;
    measure('requests-at-once', LOAD / ((performance.now() - since) / 1000), 'requests/s');
    measure('connections-under-load', most, 'connections');
    expect(lists).to.have.length(LOAD);
    expect(most).to.be.at.most(POOL.kept + POOL.more);
    await backToIdle();
  });

  it('never exceeds its limit: a request waits for a free connection and is then served', async () => {
    const { afterTest, connection, database, user, admin } = world();
    const folders = new VFolders(user.api);
    const [model, name] = [world().name('model'), world().name('wanted')];
    const forget = async (): Promise<void> => {
      for (const row of await rows()) await folders.forceDelete(row.id).catch(unlessGone);
      await waitUntil(
        'the folders to be deleted',
        async () => {
          const left = await rows();
          return left.every((row) => row.status === 'delete-complete') ? undefined : notYet(left);
        },
        { deadlineSeconds: 50 },
      );
      for (const row of await rows()) await new VFolders(admin.api).purge(row.id);
    };
    const rows = (): Promise<{ id: string; status: string; name: string }[]> =>
      database.rows('SELECT id, status, name FROM vfolders WHERE name = ANY ($1)', [[model, name]]);
    afterTest.add(`vfolders ${model} and ${name}`, forget);
    const { id } = await folders.create({ name: model });
    const blocker = await Blocker.open(connection.postgres);
    afterTest.add('the transaction of the suite', () => blocker.rollback());
    await blocker.insertCopy('vfolders', id, { name });

    const busy = new VFolders(manager.api);
    const load = Promise.allSettled(Array.from({ length: LOAD }, () => busy.create({ name }, BUSY_MS)));
    let most = 0;
    // Requests with a connection wait in the database. The others wait for the pool.
    const full = await waitUntil(
      'every connection of the manager to be in use',
      async () => {
        const waiting = (await blocker.waiters()).length;
        most = Math.max(most, (await connections()).manager);
        return waiting >= POOL.kept + POOL.more - 8 ? waiting : notYet({ waiting, most });
      },
      { deadlineSeconds: 25, everyMs: 100 },
    ).catch((error: unknown) => error);
    await blocker.rollback();
    most = Math.max(most, await mostDuring(load));
    const answers = await load;
    if (full instanceof Error) throw full;
    measure('connections-when-full', most, 'connections');
    expect(most).to.be.at.most(POOL.kept + POOL.more);
    const won = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
    const lost = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(won).to.have.length(1);
    expect(
      lost.filter((error) => !(error instanceof BackendApiError && error.status < 500)).map(String),
    ).to.deep.equal([]);
    expect((await rows()).filter((row) => row.name === name)).to.have.length(1);
    await backToIdle();
  });
});

const unlessGone = (error: unknown): void => {
  if (!(error instanceof BackendApiError) || error.status >= 500) throw error;
};
