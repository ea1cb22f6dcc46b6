import { expect } from 'chai';
import { END_SECONDS, START_SECONDS, waitForState } from '../clients/manager/session-watch.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { noteSessions } from '../fixtures/noted-changes.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

describe('sessions that share the agents', function () {
  this.timeout((3 * START_SECONDS + END_SECONDS) * 1000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  /** Numbers of the cores on which the session's container may run. */
  const coresOf = async (session: string): Promise<string[]> => {
    const [kernel] = await world().database.kernels(session);
    const container = await world()
      .observer(kernel?.agent ?? 'none')
      .container(kernel?.container_id ?? 'none');
    return container?.limits.CpusetCpus.split(',') ?? [];
  };

  it('run on different cores when they share an agent', async () => {
    const { database, connection, afterTest } = world();
    // One more than there are agents, so that two of them share one.
    const started = await Promise.all(
      [...connection.agents, undefined].map(() => world().startSession(afterTest)),
    );
    const taken = new Map<string, string[]>();
    for (const { id } of started) {
      const agent = (await database.kernels(id))[0]?.agent ?? 'none';
      taken.set(agent, [...(taken.get(agent) ?? []), ...(await coresOf(id))]);
    }
    expect(Math.max(...[...taken.values()].map((cores) => cores.length))).to.be.at.least(2);
    for (const [agent, cores] of taken) {
      expect(new Set(cores).size, `cores of the containers on ${agent}: ${cores}`).to.equal(cores.length);
    }
  });

  it('fill both agents; two more wait with a reason and start in their order when room appears', async () => {
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

    // As many cores as one agent has, so that the next one has no room beside it.
    const first = full[0]?.sessionId ?? '';
    const room = slots.find((slot) => slot.agent_id === agents[0])?.capacity ?? 1;
    const { sessionId: waiting } = await world().enqueue(whole(room), afterTest);
    const { sessionId: next } = await world().enqueue(whole(room), afterTest);
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

    await user.sessions.destroy(first);
    const chosen = await waitUntil(
      'one of the two waiting sessions to leave the queue',
      async () => {
        const now = await Promise.all([waiting, next].map((id) => user.sessions.get(id)));
        const left = now.findIndex(({ status }) => status !== 'PENDING');
        return left < 0 ? notYet(now.map(({ status }) => status)) : left;
      },
      { deadlineSeconds: START_SECONDS + END_SECONDS },
    );
    expect(chosen, 'place in the queue of the session that starts first').to.equal(0);
    await waitForState(user.sessions, waiting, ['RUNNING'], START_SECONDS + END_SECONDS);
    expect((await user.sessions.get(next)).status, 'the session behind it in the queue').to.equal('PENDING');
    expect((await database.kernels(waiting))[0]?.agent).to.equal(agents[0]);
    const used = (await database.agentSlots()).filter((row) => row.slot_name === 'cpu');
    for (const slot of used) expect(slot.used, slot.agent_id).to.be.at.most(slot.capacity);
  });
});
