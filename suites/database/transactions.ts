import { expect } from 'chai';
import { countersEqualKernels } from '../assertions/counters.ts';
import { Blocker } from '../chaos/blocker.ts';
import { race } from '../chaos/race.ts';
import { type Database, RESERVED_AND_HELD } from '../clients/data-stores/database.ts';
import { BackendApiError } from '../clients/http/api.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import { eachManager } from '../clients/manager/discovery.ts';
import { END_SECONDS, FIRST_START_SECONDS, waitForEnd } from '../clients/manager/session-watch.ts';
import { ENDED_STATES, type NewSession } from '../clients/manager/sessions.ts';
import { VFolders } from '../clients/manager/vfolders.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { limitedUser } from '../fixtures/administration/limited-user.ts';
import { giveBackLostSlots } from '../fixtures/lost-slots.ts';
import { noteSessions } from '../fixtures/noted-changes.ts';
import { endSessionsNamed, foldersNamed, forgetFoldersNamed } from '../fixtures/same-name.ts';
import { useWorld } from '../fixtures/world.ts';

/** Number of concurrent sessions. */
const SESSIONS = 50;
/** Timeout of one of fifty requests, milliseconds: 10 to 30 s measured on two busy cores. */
const BUSY_MS = 90_000;
/**
 * A session that waits until it is ended. It does not request too many resources, because then all other sessions of
 * the resource group would wait too.
 */
const WAITING = (): Pick<NewSession, 'type' | 'startupCommand' | 'starts_at'> => ({
  type: 'batch',
  startupCommand: 'true',
  starts_at: new Date(Date.now() + 3_600_000).toISOString(),
});

/**
 * Treats a 500 as "no answer". In 26.9.6 some of many requests for sessions with one image get it although the session
 * exists (known-issues.ts tests that). The counters must still be right.
 */
const unlessBroken = (error: unknown): undefined => {
  if (!(error instanceof BackendApiError) || error.status !== 500) throw error;
};

/**
 * The refusal of a duplicate name comes from the database while the winner's row is being written. Afterwards it comes from the
 * manager, which then names the existing session (session-lifecycle/reuse-session.ts).
 */
function expectNameTaken(error: BackendApiError, winner: string): void {
  if (error.status === 409) {
    expect(error.errorCode, error.message).to.equal('database_generic_already-exists');
    return;
  }
  expect(error, error.message).to.include({ status: 400, errorCode: 'session_create_already-exists' });
  expect(error.data).to.deep.equal({ existingSessionId: winner });
}

/** Steps towards RUNNING that the scheduler recorded for sessions that had already been ended. */
const wentOn = (database: Database, ids: readonly string[]): Promise<Record<string, unknown>[]> =>
  database.rows(
    `SELECT late.session_id, late.phase, late.to_status::text, late.created_at - ended.created_at AS after_end
       FROM session_scheduling_history ended JOIN session_scheduling_history late
         ON late.session_id = ended.session_id AND late.created_at > ended.created_at
      WHERE ended.session_id = ANY ($1) AND ended.result::text = 'SUCCESS' AND late.result::text = 'SUCCESS'
        AND ended.to_status::text IN ('CANCELLED', 'TERMINATING', 'TERMINATED')
        AND late.to_status::text IN ('SCHEDULED', 'PREPARING', 'PULLING', 'PREPARED', 'CREATING', 'RUNNING')`,
    [ids],
  );

describe('transactions', function () {
  this.timeout(200_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'agent', 'observer', 'storage-proxy']);
  let managers: BackendAi[];
  before('both managers answer at their own addresses', async () => {
    managers = (await eachManager(world())).asUser;
  });

  it('of two managers that create a vfolder with the same name leave one vfolder', async () => {
    const name = world().name('folder');
    forgetFoldersNamed(world(), name, world().afterTest);
    const { won, refused } = await race(managers, (manager) => new VFolders(manager.api).create({ name }));
    expect(won).to.have.length(1);
    for (const error of refused) {
      expect(error.status, error.message).to.be.oneOf([400, 409]);
      expect(error.message).to.match(/exist/i);
    }
    const rows = await foldersNamed(world(), name);
    expect(rows.map((row) => row.id.replaceAll('-', ''))).to.deep.equal(won.map((folder) => folder.id));
    const listed = (await new VFolders(world().user.api).list()).filter((folder) => folder.name === name);
    expect(listed.map((folder) => folder.id)).to.deep.equal(won.map((folder) => folder.id));
  });

  it('of two managers that create a session with the same name leave one complete session', async () => {
    const { database, user, afterTest } = world();
    const name = world().name('session');
    endSessionsNamed(world(), name, afterTest);
    const wanted = world().smallSession({ name, ...WAITING() });
    const { won, refused } = await race(managers, (manager) => manager.sessions.create(wanted));
    expect(won).to.have.length(1);
    for (const error of refused) expectNameTaken(error, won[0]?.sessionId ?? 'none');
    expect(await database.traces(name)).to.deep.equal({ sessions: 1, kernels: 1 });
    expect((await user.sessions.match(name)).map((match) => match.id)).to.deep.equal([won[0]?.sessionId]);
    const allocations = await database.allocations(won[0]?.sessionId ?? '');
    expect(allocations.map((row) => row.slot_name)).to.deep.equal(['cpu', 'mem']);
  });

  it("give a user's only slot to one session at a time", async function () {
    this.timeout((FIRST_START_SECONDS + 120) * 1000);
    const { database, afterTest } = world();
    const limited = await limitedUser(world(), { concurrentSessions: 1 }, afterTest);
    const asked = await Promise.all(
      Array.from({ length: 4 }, () => world().enqueue(world().smallSession(), afterTest, limited)),
    );
    const ids = asked.map((one) => one.sessionId);
    let shown: unknown;
    const holders = async (): Promise<string[]> => {
      const rows = await database.rows<{ id: string; status: string }>(
        'SELECT id, status::text FROM sessions WHERE id = ANY ($1)',
        [ids],
      );
      shown = rows.map((row) => row.status);
      const holding = rows.filter((row) => !['PENDING', ...ENDED_STATES].includes(row.status));
      expect(holding.length, `sessions that hold the slot: ${JSON.stringify(rows)}`).to.be.at.most(1);
      return holding.filter((row) => row.status === 'RUNNING').map((row) => row.id);
    };
    const first = await waitUntil(
      'one of the sessions to run',
      async () => (await holders())[0] ?? notYet(shown),
      { deadlineSeconds: FIRST_START_SECONDS, everyMs: 100 },
    );
    const reported = await waitUntil(
      'the scheduler to say why the others wait',
      async () => {
        await holders();
        const others = ids.filter((id) => id !== first);
        const steps = (await Promise.all(others.map((id) => database.schedulingSteps(id)))).map((all) =>
          all.findLast((step) => step.result === 'NEED_RETRY'),
        );
        return steps.every((step) => step !== undefined) ? steps : notYet(steps);
      },
      { deadlineSeconds: 70, everyMs: 200 },
    );
    for (const step of reported) expect(step.message).to.match(/concurren/i);
  });

  it(`keep counters right while ${SESSIONS} sessions start and end concurrently`, async () => {
    const { database, user, afterTest } = world();
    await noteSessions(world(), afterTest);
    const since = performance.now();
    const tag = world().name('many');
    const existing = (): Promise<{ id: string; status: string }[]> =>
      database.rows('SELECT id, status::text FROM sessions WHERE name LIKE $1', [`${tag}-%`]);
    afterTest.add(`sessions ${tag}`, async () => {
      for (const session of await existing()) await world().endSession(session.id);
    });
    const asked = await Promise.all(
      Array.from({ length: SESSIONS }, async (_, index) => {
        const manager = managers[index % managers.length] ?? user;
        const name = `${tag}-${index}`;
        const created = await manager.sessions
          .create(world().smallSession({ name }), BUSY_MS)
          .catch(unlessBroken);
        // Some end before the scheduler sees them, some while it handles them. It runs every 2 s.
        await new Promise((resolve) => setTimeout(resolve, (index * 3_000) / SESSIONS));
        await manager.sessions.destroy(created?.sessionId ?? name, { forced: index % 2 === 0 });
        return created?.sessionId;
      }),
    );
    const ids = (await existing()).map((session) => session.id);
    expect(ids, 'answered sessions').to.include.members(asked.filter((id) => id !== undefined));
    expect(ids).to.have.length(SESSIONS);
    const ends = await Promise.allSettled(
      ids.map((id) => waitForEnd(database, id, undefined, 2 * END_SECONDS)),
    );
    measure('sessions-made-and-ended', (performance.now() - since) / 1000, 's');
    const late = new Set((await wentOn(database, ids)).map((step) => step.session_id));
    measure('sessions-that-went-on', late.size, 'sessions');
    const noneWentOn = async (some: readonly string[]): Promise<void> => {
      expect(await wentOn(database, some), 'steps of sessions that had been ended').to.deep.equal([]);
    };
    for (const [index, end] of ends.entries()) {
      if (end.status === 'fulfilled') {
        expect(end.value.status).not.to.equal('ERROR');
        continue;
      }
      // Reports this cause when the session has not ended.
      await noneWentOn(ids.slice(index, index + 1));
      throw end.reason;
    }
    const half = await database.rows(
      `SELECT s.id, s.status::text, k.status::text AS kernel, a.slot_name
         FROM sessions s LEFT JOIN kernels k ON k.session_id = s.id
         LEFT JOIN resource_allocations a ON a.kernel_id = k.id
        WHERE s.id = ANY ($1) AND (k.id IS NULL OR k.status::text NOT IN ('TERMINATED', 'CANCELLED')
           OR a.kernel_id IS NULL OR a.free_at IS NULL)`,
      [ids],
    );
    expect(half, 'sessions without kernel, kernels that live, slots not given back').to.deep.equal([]);
    await countersEqualKernels(world(), ids);
    await noneWentOn(ids);
  });

  it('leave nothing reserved for sessions that have ended', async () => {
    const { database, afterTest } = world();
    afterTest.add('slots reserved for no session', () => giveBackLostSlots(world()));
    // Other suites run meanwhile, so one statement reads both sides, until they agree.
    await waitUntil(
      'nothing to be reserved for no session',
      async () => {
        const lost = await database.rows<{ agent_id: string; slot_name: string; lost: number }>(
          `SELECT agent_id, slot_name, reserved - held AS lost FROM (${RESERVED_AND_HELD}) AS s
            WHERE reserved > held ORDER BY 1, 2`,
        );
        return lost.length === 0 ? undefined : notYet(lost);
      },
      { deadlineSeconds: 10 },
    );
  });

  describe('that are still open', () => {
    let blocker: Blocker;
    let name: string;
    beforeEach(async () => {
      blocker = await Blocker.open(world().connection.postgres);
      world().afterTest.add('the transaction of the suite', () => blocker.rollback());
      name = world().name('held');
    });

    /** Requests a session whose name a transaction of the suite holds. */
    const beginSession = async (): Promise<{
      answer: Promise<{ sessionId: string }>;
      wanted: NewSession;
    }> => {
      const { afterTest, user } = world();
      const model = await world().enqueue(world().smallSession(WAITING()), afterTest);
      await blocker.insertCopy('sessions', model.sessionId, { name });
      endSessionsNamed(world(), name, afterTest);
      const wanted = world().smallSession({ name, ...WAITING() });
      const answer = user.sessions.create(wanted, 60_000);
      answer.catch(() => undefined);
      return { answer, wanted };
    };

    it('are not visible, and continue when the blocking one is rolled back', async () => {
      const { answer } = await beginSession();
      const waiter = await blocker.waiter();
      expect(waiter.query).to.match(/INSERT INTO sessions/);
      expect(await world().database.traces(name)).to.deep.equal({ sessions: 0, kernels: 0 });
      expect(await world().user.sessions.match(name)).to.deep.equal([]);
      await blocker.rollback();
      const { sessionId } = await answer;
      expect(await world().database.traces(name)).to.deep.equal({ sessions: 1, kernels: 1 });
      expect((await world().user.sessions.get(name)).status).to.equal('PENDING');
      expect((await world().user.sessions.match(name)).map((match) => match.id)).to.deep.equal([sessionId]);
    });

    it('leave nothing when the connection breaks: the manager repeats all of it exactly once', async () => {
      const { answer } = await beginSession();
      const first = await blocker.waiter();
      await blocker.breakConnection(first);
      const again = await blocker.waiter(first.pid);
      expect(again.query).to.match(/INSERT INTO sessions/);
      expect(await world().database.traces(name)).to.deep.equal({ sessions: 0, kernels: 0 });
      await blocker.rollback();
      const { sessionId } = await answer;
      expect(await world().database.traces(name)).to.deep.equal({ sessions: 1, kernels: 1 });
      const allocations = await world().database.allocations(sessionId);
      expect(allocations.map((row) => row.slot_name)).to.deep.equal(['cpu', 'mem']);
    });

    it('behave the same when they create a vfolder', async () => {
      const { afterTest, user } = world();
      const model = world().name('model');
      forgetFoldersNamed(world(), model, afterTest);
      const vfolders = new VFolders(user.api);
      const { id } = await vfolders.create({ name: model });
      await blocker.insertCopy('vfolders', id, { name });
      forgetFoldersNamed(world(), name, afterTest);
      const answer = vfolders.create({ name });
      answer.catch(() => undefined);
      const first = await blocker.waiter();
      await blocker.breakConnection(first);
      await blocker.waiter(first.pid);
      expect(await foldersNamed(world(), name)).to.deep.equal([]);
      await blocker.rollback();
      const made = await answer;
      expect((await foldersNamed(world(), name)).map((row) => row.id.replaceAll('-', ''))).to.deep.equal([
        made.id,
      ]);
      expect((await vfolders.info(name)).id.replaceAll('-', '')).to.equal(made.id);
    });
  });
});
