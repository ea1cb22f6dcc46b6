import { expect } from 'chai';
import { runCode } from '../assertions/execution.ts';
import { expectRefusal } from '../assertions/refusal.ts';
import { noSessionOfThatName } from '../assertions/session-refusals.ts';
import { START_SECONDS, statesInOrder, waitForEnd, waitForState } from '../clients/manager/session-watch.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { giveBackLostSlots } from '../fixtures/lost-slots.ts';
import { type RunningSession, SMALL, useWorld } from '../fixtures/world.ts';

/** More cores than any machine has, so the session waits until it is ended. */
const TOO_MANY_CORES = 100_000;
/**
 * A session ends within twice this time on a node with a pace of 1, later on a slower one. Or it ends in the time
 * that it took to start. 2.7 s measured after 12.7 s, and 5 to 7 s after 26 s.
 */
const SLOW_END_SECONDS = 3;

describe('terminating a session', () => {
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  interface Place {
    kernel: string;
    agent: string;
    container: string;
  }

  /** Agent and container of a running session, from the database. */
  const placeOf = async (session: RunningSession): Promise<Place> => {
    const [kernel] = await world().database.kernels(session.id);
    if (!kernel?.agent || !kernel.container_id)
      throw new Error(`session ${session.id} has no agent or container`);
    return { kernel: kernel.id, agent: kernel.agent, container: kernel.container_id };
  };

  /** Expects that container and scratch directory are gone from the agent. */
  const leavesNothingOn = async (session: string, place: Place): Promise<void> => {
    await world().containersGone(session);
    const observer = world().observer(place.agent);
    expect(await observer.container(place.container), 'the container').to.equal(undefined);
    await waitUntil(
      `the scratch directory of kernel ${place.kernel} to be gone`,
      async () => ((await observer.scratches()).includes(place.kernel) ? notYet('it is there') : undefined),
      { deadlineSeconds: 30 },
    );
  };

  /** Expects that every slot of the session is free again: in its own rows, and on its agent. */
  const givesBackSlots = async (session: string, agent: string): Promise<void> => {
    const { database } = world();
    const allocations = await database.allocations(session);
    expect(allocations.map((row) => row.slot_name)).to.deep.equal(['cpu', 'mem']);
    expect(
      allocations.every((row) => row.freed),
      JSON.stringify(allocations),
    ).to.equal(true);
    const held = await database.heldOn(agent);
    for (const slot of (await database.agentSlots()).filter((row) => row.agent_id === agent)) {
      expect(slot.used, `${slot.slot_name} used on ${agent}`).to.equal(held[slot.slot_name] ?? 0);
    }
  };

  describe('that runs', () => {
    let session: RunningSession;
    let place: Place;
    before('a session runs', async function () {
      this.timeout((START_SECONDS + 10) * 1000);
      session = await world().startSession(world().afterSuite);
      place = await placeOf(session);
    });

    it('is refused to another user', async () => {
      const strange = world().user2.sessions.destroy(session.id);
      await expectRefusal(strange, { status: 403, kind: 'not-enough-permission' });
      expect((await world().user.sessions.get(session.id)).status).to.equal('RUNNING');
    });

    it('gracefully passes TERMINATING and ends TERMINATED with its reason', async () => {
      const { user, database } = world();
      const [asked, since] = [Date.now(), performance.now()];
      expect(await user.sessions.destroy(session.id)).to.deep.equal({ stats: { status: 'terminated' } });
      const row = await waitForEnd(database, session.id, ['TERMINATED']);
      const seconds = (performance.now() - since) / 1000;
      const most = Math.max(SLOW_END_SECONDS * (1 + world().pace.since(asked)), session.startSeconds);
      measure('session-end', seconds, 's', most);
      expect(seconds, 'seconds until the session has ended').to.be.at.most(most);
      expect(row.status_info).to.equal('user-requested');
      expect(row.terminated_at).to.be.instanceOf(Date);
      expect(statesInOrder(row.status_history ?? {}).slice(-3)).to.deep.equal([
        'RUNNING',
        'TERMINATING',
        'TERMINATED',
      ]);
      const moves = (await database.schedulingSteps(session.id)).map((step) => step.to_status);
      expect(moves.slice(-3)).to.deep.equal(['RUNNING', 'TERMINATING', 'TERMINATED']);
      const [kernel] = await database.kernels(session.id);
      expect(kernel).to.include({ status: 'TERMINATED' });
      expect(kernel?.terminated_at).to.be.instanceOf(Date);
    });

    it('removes it from the API', async () => {
      const gone = { status: 404, kind: 'object-not-found' };
      await expectRefusal(world().user.sessions.get(session.id), gone);
      const { user, connection } = world();
      await expectRefusal(user.sessions.get(session.name), noSessionOfThatName(connection.version));
    });

    it('removes its container and scratch directory', () => leavesNothingOn(session.id, place));

    it('frees its slots', () => givesBackSlots(session.id, place.agent));

    it('a second time has no effect by id, and finds no session by name', async () => {
      const { sessions } = world().user;
      expect(await sessions.destroy(session.id)).to.deep.equal({ stats: {} });
      const { version } = world().connection;
      await expectRefusal(sessions.destroy(session.name), noSessionOfThatName(version));
      expect((await world().database.session(session.id))?.status).to.equal('TERMINATED');
    });

    it('allows no more code in it', async () => {
      const request = world().user.sessions.execute(session.id, { mode: 'query', runId: 'x', code: '1' });
      await expectRefusal(request, { status: 404, kind: 'object-not-found' });
    });

    it('frees its name for another session', async () => {
      const { user, afterTest } = world();
      const wanted = world().smallSession({
        name: session.name,
        config: { ...SMALL, resources: { cpu: TOO_MANY_CORES, mem: '512m' } },
      });
      const again = await world().enqueue(wanted, afterTest);
      expect(again.created).to.equal(true);
      expect(again.sessionId).not.to.equal(session.id);
      expect((await user.sessions.get(session.name)).status).to.equal('PENDING');
      const named = await user.sessions.match(session.name);
      expect(named.find((match) => match.status === 'PENDING')?.id).to.equal(again.sessionId);
    });
  });

  it('by force ends TERMINATED at once, and frees container and slots soon after', async function () {
    this.timeout(200_000);
    const { user, database, afterTest } = world();
    const session = await world().startSession(afterTest);
    const place = await placeOf(session);
    expect(await user.sessions.destroy(session.id, { forced: true })).to.deep.equal({
      stats: { status: 'terminated' },
    });
    expect(await database.session(session.id)).to.include({
      status: 'TERMINATED',
      status_info: 'force-terminated',
    });
    await givesBackSlots(session.id, place.agent);
    await leavesNothingOn(session.id, place);
  });

  it('succeeds while an endless loop runs in it', async function () {
    this.timeout(200_000);
    const { user, database, afterTest } = world();
    const session = await world().startSession(afterTest);
    const place = await placeOf(session);
    let asked = false;
    const loop = runCode(
      user.sessions,
      session.id,
      { mode: 'query', code: 'while True: pass' },
      {
        onAnswer: async () => {
          if (!asked) await user.sessions.destroy(session.id);
          asked = true;
        },
      },
    ).catch((error: unknown) => error);
    await waitUntil('the loop to run', async () => (asked ? undefined : notYet('no answer yet')), {
      deadlineSeconds: 30,
    });
    await waitForEnd(database, session.id, ['TERMINATED']);
    await leavesNothingOn(session.id, place);
    await loop;
  });

  it('of two containers removes both, and their network', async function () {
    this.timeout((2 * START_SECONDS + 120) * 1000);
    const { user, database, afterTest } = world();
    const session = await world().startSession(afterTest, { clusterSize: 2, clusterMode: 'single-node' });
    const agents = new Set((await database.kernels(session.id)).map(({ agent }) => agent ?? 'none'));
    expect(agents.size, 'agents of a session on a single node').to.equal(1);
    const observer = world().observer([...agents][0] ?? 'none');
    const own = async () => (await observer.networks()).filter(({ name }) => name.includes(session.id));
    expect(await own(), 'networks of the session').to.have.length(1);
    await user.sessions.destroy(session.id);
    await waitForEnd(database, session.id, ['TERMINATED']);
    await world().containersGone(session.id);
    await waitUntil(
      'the network of the session to be gone',
      async () => {
        const left = await own();
        return left.length === 0 ? undefined : notYet(left);
      },
      { deadlineSeconds: 30 },
    );
  });

  it('that waits for room ends CANCELLED without a container', async () => {
    const { user, database, afterTest } = world();
    const wanted = world().smallSession({
      config: { ...SMALL, resources: { cpu: TOO_MANY_CORES, mem: '512m' } },
    });
    const { sessionId } = await world().enqueue(wanted, afterTest);
    const reason = await waitUntil(
      'the scheduler to say why the session waits',
      async () => {
        const steps = await database.schedulingSteps(sessionId);
        return (
          steps.find((step) => step.phase === 'schedule-sessions' && step.result === 'NEED_RETRY') ??
          notYet(steps)
        );
      },
      { deadlineSeconds: 70 },
    );
    expect(reason.message).to.include('could not be placed').and.to.include('cpu: missing');
    expect((await user.sessions.get(sessionId)).status).to.equal('PENDING');
    expect(await user.sessions.destroy(sessionId)).to.deep.equal({ stats: { status: 'cancelled' } });
    expect(await database.session(sessionId)).to.include({ status: 'CANCELLED' });
    const [kernel] = await database.kernels(sessionId);
    expect(kernel).to.include({ status: 'CANCELLED', container_id: null });
    expect((await database.allocations(sessionId)).every((row) => row.freed)).to.equal(true);
    await world().containersGone(sessionId, 5);
  });

  it('that is starting leaves nothing behind', async function () {
    this.timeout(150_000);
    const { user, database, afterTest } = world();
    afterTest.add('slots without a kernel', () => giveBackLostSlots(world()));
    const { sessionId } = await world().enqueue(world().smallSession(), afterTest);
    const onItsWay = await waitForState(
      user.sessions,
      sessionId,
      ['SCHEDULED', 'PREPARING', 'PULLING', 'PREPARED', 'CREATING'],
      START_SECONDS,
    );
    await user.sessions.destroy(sessionId);
    const row = await waitForEnd(database, sessionId, ['TERMINATED', 'CANCELLED']);
    expect(statesInOrder(row.status_history ?? {}), `terminated while ${onItsWay.status}`).not.to.include(
      'RUNNING',
    );
    const [kernel] = await database.kernels(sessionId);
    await world().containersGone(sessionId);
    if (kernel?.agent) await givesBackSlots(sessionId, kernel.agent);
  });
});
