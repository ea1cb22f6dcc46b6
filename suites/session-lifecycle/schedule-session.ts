import { expect } from 'chai';
import { END_SECONDS, START_SECONDS, waitForState } from '../clients/manager/session-watch.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { noteSessions } from '../fixtures/noted-changes.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

describe('sessions that share the agents', function () {
  this.timeout((3 * START_SECONDS + END_SECONDS) * 1000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  it('fill both agents; one more waits with a reason and starts when room appears', async () => {
    const { user, database, connection, afterTest } = world();
    const slots = (await database.agentSlots()).filter(
      (row) => row.slot_name === 'cpu' && row.status === 'ALIVE',
    );
    expect(
      slots.map((slot) => slot.used + slot.reserved),
      'nothing else runs or is reserved',
    ).to.deep.equal(connection.agents.map(() => 0));
    await noteSessions(world(), afterTest);
    const whole = (cores: number) =>
      world().smallSession({ config: { ...SMALL, resources: { cpu: cores, mem: '512m' } } });
    const full = await Promise.all(slots.map((slot) => world().enqueue(whole(slot.capacity), afterTest)));
    await Promise.all(
      full.map((one) => waitForState(user.sessions, one.sessionId, ['RUNNING'], 2 * START_SECONDS)),
    );
    const agents = await Promise.all(
      full.map(async (one) => (await database.kernels(one.sessionId))[0]?.agent ?? 'none'),
    );
    expect([...agents].sort()).to.deep.equal(connection.agents.map((agent) => agent.id).sort());

    const { sessionId: waiting } = await world().enqueue(whole(1), afterTest);
    const reported = await waitUntil(
      'the scheduler to say why the session waits',
      async () => {
        const steps = await database.schedulingSteps(waiting);
        return (
          steps.find((step) => step.phase === 'schedule-sessions' && step.result === 'NEED_RETRY') ??
          notYet(steps)
        );
      },
      { deadlineSeconds: 70 },
    );
    expect(reported.message).to.include('could not be placed').and.to.include('cpu: missing');
    expect((await user.sessions.get(waiting)).status).to.equal('PENDING');

    await user.sessions.destroy(full[0]?.sessionId ?? '');
    await waitForState(user.sessions, waiting, ['RUNNING'], START_SECONDS + END_SECONDS);
    expect((await database.kernels(waiting))[0]?.agent).to.equal(agents[0]);
    const used = (await database.agentSlots()).filter((row) => row.slot_name === 'cpu');
    for (const slot of used) expect(slot.used, slot.agent_id).to.be.at.most(slot.capacity);
  });
});
