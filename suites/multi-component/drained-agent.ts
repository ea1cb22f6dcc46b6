import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { setSchedulable } from '../clients/manager/agents.ts';
import { END_SECONDS, START_SECONDS, waitForEnd } from '../clients/manager/session-watch.ts';
import { noteChange } from '../fixtures/noted-changes.ts';
import { useWorld } from '../fixtures/world.ts';

describe('a drained agent', function () {
  this.timeout((3 * START_SECONDS + 30) * 1000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  const schedulable = (agent: string, is: boolean): Promise<void> => setSchedulable(world(), agent, is);

  it('ends a session that it has, and gives its slots back', async () => {
    const { user, database, afterTest } = world();
    const session = await world().startSession(afterTest);
    const home = (await database.kernels(session.id))[0]?.agent ?? 'none';
    const before = await database.heldOn(home);
    await noteChange(world(), afterTest, { undo: 'ScheduleAgent', subject: home });
    await schedulable(home, false);
    await user.sessions.destroy(session.id);
    await waitForEnd(database, session.id, ['TERMINATED'], END_SECONDS);
    await world().containersGone(session.id);
    expect((await database.allocations(session.id)).every(({ freed }) => freed)).to.equal(true);
    const after = await database.heldOn(home);
    expect(before.cpu ?? 0, 'cores held on the agent before').to.be.above(after.cpu ?? 0);
  });

  it('gets no new session; with both agents drained a session is refused; an agent that is schedulable again gets one', async () => {
    const { admin, user, database, connection, afterTest } = world();
    const ids = connection.agents.map((agent) => agent.id).sort();
    const [drained = 'none', other = 'none'] = ids;
    for (const subject of ids) await noteChange(world(), afterTest, { undo: 'ScheduleAgent', subject });

    const before = await world().startSession(afterTest);
    const home = (await database.kernels(before.id))[0]?.agent ?? 'none';
    await schedulable(drained, false);
    expect((await admin.agents()).find((agent) => agent.id === drained)).to.include({
      schedulable: false,
      status: 'ALIVE',
    });

    const started = await Promise.all([1, 2].map(() => world().startSession(afterTest)));
    for (const session of started) {
      expect((await database.kernels(session.id))[0]?.agent, 'agent of a session').to.equal(other);
    }
    expect(await user.sessions.get(before.id), `the session that ran before, on ${home}`).to.include({
      status: 'RUNNING',
    });

    await schedulable(other, false);
    const wanted = world().smallSession();
    await expectRefusal(user.sessions.create(wanted), {
      status: 400,
      kind: 'invalid-api-params',
      msg: 'has no agents serving',
    });
    expect(await database.traces(wanted.name)).to.deep.equal({ sessions: 0, kernels: 0 });

    await schedulable(drained, true);
    const last = await world().startSession(afterTest);
    expect((await database.kernels(last.id))[0]?.agent).to.equal(drained);
  });
});
