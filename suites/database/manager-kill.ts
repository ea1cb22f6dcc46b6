import { expect } from 'chai';
import { Blocker } from '../chaos/blocker.ts';
import { type Disruption, useFaults, withFault } from '../chaos/faults.ts';
import { useRecovery } from '../chaos/recovery.ts';
import { CONTAINER_LABELS, containersOf } from '../clients/cluster/agent-observer.ts';
import { BackendAi } from '../clients/manager/backend-ai.ts';
import { eachManager, type OneManager } from '../clients/manager/discovery.ts';
import { waitForEnd, waitForState } from '../clients/manager/session-watch.ts';
import type { NewSession } from '../clients/manager/sessions.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import type { CleanupStack } from '../fixtures/cleanup-stack.ts';
import { useWorld } from '../fixtures/world.ts';

/** Longest time until PostgreSQL has ended the transaction of a killed process. It notices when it sends an answer. */
const GONE_SECONDS = 20;
/**
 * Longest time until a session runs whose scheduler was killed. The process restarts or the other manager leads first.
 */
const RUN_SECONDS = 150;

/** A session that waits until it is ended, without blocking others. */
const WAITING = (): Pick<NewSession, 'type' | 'startupCommand' | 'starts_at'> => ({
  type: 'batch',
  startupCommand: 'true',
  starts_at: new Date(Date.now() + 3_600_000).toISOString(),
});

describe('killing a manager', function () {
  this.timeout(300_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'agent', 'observer']);
  const faults = useFaults();
  useRecovery(world);
  let managers: OneManager[];
  beforeEach('both managers answer at their own addresses', async () => {
    managers = (await eachManager(world())).each;
  });

  /** A manager is named after its pod. */
  const killOf = ({ id }: OneManager): Disruption => ({
    target: { component: 'manager', pod: id.replace(/^i-/, '') },
    kill: {},
  });
  const endSessionsNamed = (name: string, cleanup: CleanupStack): void =>
    cleanup.add(`sessions ${name}`, async () => {
      const sql = 'SELECT id FROM sessions WHERE name = $1';
      for (const row of await world().database.rows<{ id: string }>(sql, [name]))
        await world().endSession(row.id);
    });
  /** Activity and locks of a backend. Empty when it is gone. */
  const leftOf = (pid: number): Promise<{ state: string | null; query: string | null; locks: number }[]> =>
    world().database.rows(
      `SELECT a.state, left(a.query, 100) AS query,
              (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid)::int AS locks
         FROM pg_stat_activity a WHERE a.pid = $1`,
      [pid],
    );

  it('in the middle of a transaction leaves no partial row and no lock; the other manager answers at once', async () => {
    const { afterTest, connection, database } = world();
    const [victim, survivor] = managers;
    if (!victim || !survivor) throw new Inconclusive('two managers are needed');
    const name = world().name('held');
    const blocker = await Blocker.open(connection.postgres);
    const model = await world().enqueue(world().smallSession(WAITING()), afterTest);
    endSessionsNamed(name, afterTest);
    afterTest.add('the transaction of the suite', () => blocker.rollback());
    await blocker.insertCopy('sessions', model.sessionId, { name });
    const wanted = world().smallSession({ name, ...WAITING() });
    const answer = victim.asUser.sessions.create(wanted, 60_000).then(
      ({ sessionId }) => `session ${sessionId}`,
      (error: Error) => error,
    );
    const waiter = await blocker.waiter();
    expect(waiter.query).to.match(/INSERT INTO sessions/);
    expect((await leftOf(waiter.pid))[0]?.locks, 'locks of the transaction in its middle').to.be.above(0);

    await withFault(faults(), killOf(victim), afterTest, async () => {
      expect(await answer, 'the answer to the client').to.be.instanceOf(Error);
      const since = performance.now();
      await blocker.rollback();
      await waitUntil(
        'the transaction of the killed manager to be gone',
        async () => {
          const left = await leftOf(waiter.pid);
          return left.length === 0 ? undefined : notYet(left);
        },
        { deadlineSeconds: GONE_SECONDS, everyMs: 20 },
      );
      measure('transaction-of-killed-gone', (performance.now() - since) / 1000, 's');
      expect(await database.traces(name)).to.deep.equal({ sessions: 0, kernels: 0 });
      expect(await survivor.asUser.sessions.match(name)).to.deep.equal([]);

      const { sessionId } = await survivor.asUser.sessions.create(wanted);
      expect(await database.traces(name)).to.deep.equal({ sessions: 1, kernels: 1 });
      expect((await survivor.asUser.sessions.match(name)).map(({ id }) => id)).to.deep.equal([sessionId]);
      const allocations = await database.allocations(sessionId);
      expect(allocations.map((row) => row.slot_name)).to.deep.equal(['cpu', 'mem']);
    });
    // The killed manager has restarted. It does not finish its earlier transaction.
    expect(await database.traces(name)).to.deep.equal({ sessions: 1, kernels: 1 });
  });

  it('before it schedules loses no session, and leaves nothing of a session that was ended meanwhile', async () => {
    const { afterTest, connection, database } = world();
    const target = { component: 'manager', leader: 'scheduler' as const };
    const [waiting, doomed] = await withFault(faults(), { target, kill: {} }, afterTest, async (receipt) => {
      const survivor = managers.find((one) => killOf(one).target.pod !== receipt.targets[0]?.pod);
      if (!survivor) throw new Inconclusive(`there was no manager except ${receipt.targets[0]?.pod}`);
      const asked = [
        await world().enqueue(world().smallSession(), afterTest, survivor.asUser),
        await world().enqueue(world().smallSession(), afterTest, survivor.asUser),
      ] as const;
      for (const { sessionId } of asked) {
        const row = await database.session(sessionId);
        if (row?.status !== 'PENDING') throw new Inconclusive(`a scheduler is still active: ${row?.status}`);
      }
      await survivor.asUser.sessions.destroy(asked[1].sessionId);
      return asked;
    });

    const ended = await waitForEnd(database, doomed.sessionId, ['CANCELLED', 'TERMINATED'], RUN_SECONDS);
    expect(await database.traces(ended.name)).to.deep.equal({ sessions: 1, kernels: 1 });
    const half = await database.rows(
      `SELECT k.id, k.status::text, a.slot_name FROM kernels k
         LEFT JOIN resource_allocations a ON a.kernel_id = k.id
        WHERE k.session_id = $1
          AND (k.status::text NOT IN ('CANCELLED', 'TERMINATED') OR a.kernel_id IS NULL OR a.free_at IS NULL)`,
      [doomed.sessionId],
    );
    expect(half, 'a kernel that lives, or slots that are not given back').to.deep.equal([]);

    const fresh = new BackendAi(connection.manager.url, connection.accounts.user);
    const since = performance.now();
    await waitForState(fresh.sessions, waiting.sessionId, ['RUNNING'], RUN_SECONDS);
    measure('session-runs-after-leader-came-back', (performance.now() - since) / 1000, 's');
    const containers = await Promise.all(
      world()
        .observers()
        .map((observer) => containersOf(observer, CONTAINER_LABELS.session, waiting.sessionId)),
    );
    expect(
      containers.flat().map(({ state }) => state),
      'containers of the session',
    ).to.deep.equal(['running']);
    const gone = await Promise.all(
      world()
        .observers()
        .map((observer) => containersOf(observer, CONTAINER_LABELS.session, doomed.sessionId)),
    );
    expect(gone.flat(), 'containers of the one that was ended').to.deep.equal([]);
    const kernels = await database.kernels(waiting.sessionId);
    expect(kernels.map(({ status }) => status)).to.deep.equal(['RUNNING']);
    const allocations = await database.allocations(waiting.sessionId);
    expect(allocations.map(({ slot_name, freed }) => ({ slot_name, freed }))).to.deep.equal([
      { slot_name: 'cpu', freed: false },
      { slot_name: 'mem', freed: false },
    ]);
  });
});
