import { expect } from 'chai';
import { expectAnswer } from '../assertions/answers.ts';
import {
  broughtBack,
  CHECK_SECONDS,
  coresOf,
  HEARTBEAT_SECONDS,
  LATE_SECONDS,
  LOST_SECONDS,
  lost,
  replaced,
  running,
  SILENCE_SECONDS,
} from '../chaos/agent-loss.ts';
import { type Disruption, useFaults, withFault } from '../chaos/faults.ts';
import { CONTAINER_LABELS } from '../clients/cluster/agent-observer.ts';
import {
  agentRow,
  agentsAtWork,
  agentsReached,
  RECONNECT_SECONDS,
  setSchedulable,
  waitForAgent,
} from '../clients/manager/agents.ts';
import { END_SECONDS, START_SECONDS, waitForEnd, waitForState } from '../clients/manager/session-watch.ts';
import type { NewSession } from '../clients/manager/sessions.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { noteChange } from '../fixtures/noted-changes.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

/** Longest time until a resumed agent is ALIVE, with its next heartbeat. */
const REVIVED_SECONDS = HEARTBEAT_SECONDS + LATE_SECONDS + 5;
/** Longest time until a new agent pod sends its first heartbeat. Its engine is new. */
const NEW_POD_SECONDS = 180;
/**
 * Longest time until sessions end whose containers are gone with their agent. A kernel is stale without a report for 120 s
 * (MAX_KERNEL_HEALTH_STALENESS_SEC). The leader searches for those every 60 s (sweep-stale-kernels) and asks the agent.
 */
const SWEPT_SECONDS = 120 + 60 + 40;

describe('an agent that fails', function () {
  this.timeout(600_000);
  let begun = false;
  /** The agent whose process was killed, and the time. */
  let killed: { agent: string; at: Date } | undefined;
  /** The session that waited while an agent was frozen, and was then scheduled to it. */
  let waited: { session: string; since: number } | undefined;
  // Runs before the world's own hook, which closes its connections.
  after('both agents work and hold nothing of ended sessions', async function () {
    this.timeout((180 + NEW_POD_SECONDS + 4 * RECONNECT_SECONDS) * 1000);
    if (!begun) return;
    // A new pod has an empty disk.
    if (killed && (await broughtBack(world(), killed)).length > 0) await renew(killed.agent);
    await agentsAtWork(world());
    await agentsReached(world());
  });
  const world = useWorld(['manager', 'postgres', 'valkey', 'etcd', 'agent', 'observer']);
  const faults = useFaults();

  before('no session runs on the agents', async function () {
    this.timeout(180_000);
    await agentsAtWork(world());
    const used = (await world().database.agentSlots()).filter((slot) => slot.used > 0);
    if (used.length > 0) throw new Inconclusive(`the agents are in use: ${JSON.stringify(used)}`);
    begun = true;
  });
  const podOf = (agent: string): string => agent.replace(/^i-/, '');
  const homeOf = async (session: string): Promise<string> =>
    (await world().database.kernels(session))[0]?.agent ?? 'none';
  const agents = () => world().connection.agents.map(({ id }) => id);
  const othersThan = (agent: string) => agents().filter((id) => id !== agent);
  const shown = async (agent: string) =>
    (await world().admin.agents()).find(({ id }) => id === agent)?.status;
  const cores = (cpu: number): Partial<NewSession> => ({
    config: { ...SMALL, resources: { cpu, mem: '512m' } },
  });

  /** Replaces the agent's pod gracefully. */
  async function renew(agent: string): Promise<void> {
    const disruption: Disruption = {
      target: { component: 'agent', pod: podOf(agent) },
      podDelete: { force: false },
    };
    await withFault(faults(), disruption, world().afterSuite, async (_receipt, fault) => {
      await fault.healed(NEW_POD_SECONDS);
    });
  }

  it('is LOST in time when it freezes, gets no new session, keeps its own, and is used again afterwards', async () => {
    const { user, database, valkey, connection, afterTest, afterSuite } = world();
    const own = await world().startSession(afterTest);
    const frozen = await homeOf(own.id);
    const [other = 'none'] = othersThan(frozen);
    const disruption: Disruption = {
      target: { component: 'agent', pod: podOf(frozen) },
      pause: { container: 'agent' },
      durationSeconds: 300,
    };
    const waiting = await withFault(faults(), disruption, afterTest, async (receipt) => {
      expect(receipt.targets.map(({ pod }) => pod)).to.deep.equal([podOf(frozen)]);
      const { silentSeconds, at } = await lost(world(), frozen);
      const late = LATE_SECONDS * world().pace.since(receipt.injectedAt.getTime());
      const seconds = (at - receipt.injectedAt.getTime()) / 1000;
      measure('lost-after-last-heartbeat', silentSeconds, 's');
      const most = LOST_SECONDS.most - LATE_SECONDS + late;
      measure('lost-after-freeze', seconds, 's', most);
      expect(seconds, 'seconds from the freeze until LOST').to.be.within(LOST_SECONDS.least, most);
      expect(silentSeconds, 'seconds from the last heartbeat until LOST').to.be.within(
        SILENCE_SECONDS - 1,
        SILENCE_SECONDS + CHECK_SECONDS + late,
      );
      expect(await shown(frozen), 'status that the API shows').to.equal('LOST');
      await waitUntil(
        'Valkey to forget the agent',
        async () => {
          const seen = await valkey.agentsLastSeen();
          return frozen in seen ? notYet(seen) : undefined;
        },
        { deadlineSeconds: CHECK_SECONDS + LATE_SECONDS, everyMs: 200 },
      );

      const whole = await coresOf(world(), other);
      const filling = await world().startSession(afterTest, cores(whole));
      expect(await homeOf(filling.id), 'agent of a new session').to.equal(other);
      const { sessionId } = await world().enqueue(world().smallSession(), afterSuite);
      afterTest.add('the session that waits', async () => {
        if (!waited) await world().endSession(sessionId);
      });
      const reported = await waitUntil(
        'the scheduler to say why the session waits',
        async () => {
          const steps = await database.schedulingSteps(sessionId);
          const step = steps.find(
            ({ phase, result }) => phase === 'schedule-sessions' && result === 'NEED_RETRY',
          );
          return step ?? notYet(steps);
        },
        { deadlineSeconds: 70 },
      );
      expect(reported.message, 'why it waits').to.include('could not be placed');
      expect((await user.sessions.get(sessionId)).status).to.equal('PENDING');

      // A session ends only when its agent reports that. Silence does not end it.
      expect((await user.sessions.get(own.id)).status, 'session of the frozen agent').to.equal('RUNNING');
      expect(await running(world(), frozen, own.id), 'containers of that session').to.equal(1);
      expect((await agentRow(world(), other)).status, 'the other agent').to.equal('ALIVE');
      return sessionId;
    });
    const since = performance.now();
    const back = await waitForAgent(world(), frozen, ['ALIVE'], REVIVED_SECONDS);
    measure('alive-after-thaw', (performance.now() - since) / 1000, 's');
    expect(back.lost_at, 'when it was lost, of an agent that is back').to.equal(null);
    const home = await waitUntil(
      'the session that waited to be given to an agent',
      async () => {
        const [kernel] = await database.kernels(waiting);
        return kernel?.agent ?? notYet(kernel);
      },
      { deadlineSeconds: START_SECONDS },
    );
    measure('used-after-thaw', (performance.now() - since) / 1000, 's');
    expect(home, 'agent of the session that waited').to.equal(frozen);
    waited = { session: waiting, since };
    await expectAnswer(world(), own);
    const next = await world().startSession(afterTest);
    expect(await homeOf(next.id), 'agent of the next session').to.equal(frozen);
    await agentsAtWork(world());
    expect(await shown(frozen)).to.equal('ALIVE');
    expect(connection.agents.map(({ id }) => id)).to.include(frozen);
  });

  // SessionLauncher (ai.backend.manager.sokovan.scheduler.launcher) records that an agent did not get the request, and
  // continues.
  it('starts the session that waited for it', async () => {
    if (!waited) throw new Inconclusive('no session was scheduled to a returned agent');
    const { session, since } = waited;
    world().afterTest.add('the session that waited', () => world().endSession(session));
    await waitForState(world().user.sessions, session, ['RUNNING'], START_SECONDS);
    measure('waiting-runs-after-thaw', (performance.now() - since) / 1000, 's');
  });

  it('resumes its session after its process was killed', async () => {
    const { user, database, afterTest } = world();
    // One agent is full, so later sessions go to the other.
    const whole = Math.max(
      ...(await Promise.all(othersThan('none').map((agent) => coresOf(world(), agent)))),
    );
    const filling = await world().startSession(afterTest, cores(whole));
    const [home = 'none'] = othersThan(await homeOf(filling.id));
    const earlier = await world().startSession(afterTest);
    expect(await homeOf(earlier.id), 'agent of the session that ends before').to.equal(home);
    const [gone] = await database.kernels(earlier.id);
    await user.sessions.destroy(earlier.id);
    await waitForEnd(database, earlier.id);
    await waitUntil(
      `the scratch directory of kernel ${gone?.id} to go`,
      async () => {
        const there = await world().observer(home).scratches();
        return there.includes(gone?.id ?? '') ? notYet(there) : undefined;
      },
      { deadlineSeconds: END_SECONDS },
    );
    const session = await world().startSession(afterTest);
    expect(await homeOf(session.id), 'agent of the session').to.equal(home);
    const [kernel] = await database.kernels(session.id);
    const disruption: Disruption = {
      target: { component: 'agent', pod: podOf(home) },
      kill: { container: 'agent' },
    };
    await withFault(faults(), disruption, afterTest, async (receipt, fault) => {
      killed = { agent: home, at: receipt.injectedAt };
      const ready = await fault.healed(NEW_POD_SECONDS);
      measure('killed-agent-ready', (ready.getTime() - receipt.injectedAt.getTime()) / 1000, 's');
    });
    await agentsAtWork(world());
    expect((await database.session(session.id))?.status).to.equal('RUNNING');
    expect((await database.kernels(session.id))[0]).to.include({
      id: kernel?.id,
      agent: home,
      container_id: kernel?.container_id,
    });
    await expectAnswer(world(), session);
  });

  it('restores no scratch directory of a session that had ended before the kill', async () => {
    if (!killed) throw new Inconclusive('no agent was killed');
    expect(await broughtBack(world(), killed), 'kernels of the past with a scratch directory').to.deep.equal(
      [],
    );
  });

  it('loses its session when its pod is deleted; the new pod is the same agent and is used', async () => {
    const { database, user, afterTest } = world();
    // Use the killed agent, if there is one: the disk of a new pod has no restored directories.
    const home = killed?.agent ?? world().connection.agents[0]?.id ?? 'none';
    const [other = 'none'] = othersThan(home);
    for (const subject of [home, other]) {
      await noteChange(world(), afterTest, { undo: 'ScheduleAgent', subject });
    }
    await setSchedulable(world(), other, false);
    const session = await world().startSession(afterTest);
    expect(await homeOf(session.id), 'agent of the session').to.equal(home);
    await setSchedulable(world(), other, true);
    const whole = await coresOf(world(), home);
    const disruption: Disruption = {
      target: { component: 'agent', pod: podOf(home) },
      podDelete: { force: true },
    };
    const since = await withFault(faults(), disruption, afterTest, async (receipt, fault) => {
      const injectedAt = receipt.injectedAt.getTime();
      let readyAt: number | undefined;
      const [{ gone, silentSeconds }] = await Promise.all([
        replaced(world(), home, () => readyAt !== undefined, NEW_POD_SECONDS + HEARTBEAT_SECONDS).then(
          async (seen) => {
            // The new pod may be back by now. The session must fill the other agent.
            await setSchedulable(world(), home, false);
            const next = await world().startSession(afterTest);
            expect(await homeOf(next.id), 'agent of a new session').to.equal(other);
            await setSchedulable(world(), home, true);
            return seen;
          },
        ),
        fault.healed(NEW_POD_SECONDS).then((ready) => {
          readyAt = ready.getTime();
          measure('deleted-agent-ready', (readyAt - injectedAt) / 1000, 's');
        }),
      ]);
      measure('silent-after-deletion', silentSeconds, 's');
      if (gone?.lost_at) measure('gone-after-deletion', (gone.lost_at.getTime() - injectedAt) / 1000, 's');
      const late = LATE_SECONDS * world().pace.since(injectedAt);
      const most = gone ? Number.POSITIVE_INFINITY : SILENCE_SECONDS + CHECK_SECONDS + late;
      expect(silentSeconds, 'silence of an agent that is not LOST').to.be.below(most);
      return injectedAt;
    });
    const back = await waitForAgent(world(), home, ['ALIVE'], NEW_POD_SECONDS);
    expect(back.first_contact, 'the agent is the one of before').to.be.below(new Date(since));
    expect(await world().observer(home).containers(), 'containers of the new pod').to.satisfy(
      (all: { labels: Record<string, string> }[]) =>
        all.every(({ labels }) => labels[CONTAINER_LABELS.session] !== session.id),
    );
    const row = await waitForEnd(database, session.id, ['TERMINATED'], SWEPT_SECONDS);
    const ended = row.terminated_at?.getTime() ?? Number.NaN;
    measure('session-ended-after-deletion', (ended - since) / 1000, 's');
    expect(
      (await database.allocations(session.id)).every(({ freed }) => freed),
      'slots given back',
    ).to.equal(true);
    await agentsAtWork(world());
    await agentsReached(world());

    // Only the returned agent has enough room.
    const last = await world().startSession(afterTest, cores(whole));
    expect(await homeOf(last.id), 'agent of the last session').to.equal(home);
    await expectAnswer(world(), last);
    expect((await user.sessions.get(last.id)).status).to.equal('RUNNING');
  });
});
