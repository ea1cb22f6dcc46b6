import { expect } from 'chai';
import { CONTAINER_LABELS, containersOf } from '../clients/cluster/agent-observer.ts';
import { Api } from '../clients/http/api.ts';
import { START_SECONDS, statesInOrder, waitForState } from '../clients/manager/session-watch.ts';
import { type CreatedSession, SESSION_STATES, type SessionInfo } from '../clients/manager/sessions.ts';
import { fastestSeconds } from '../evidence/fastest.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

const REQUESTS = 15;
/** Time that the fastest signed request may take longer than a few open ones, seconds. */
const SIGNED_SECONDS = 0.1;
/** 512 MiB, the memory of a small session. */
const MEMORY = 512 * 1024 * 1024;

describe('a new session', () => {
  const world = useWorld(['manager', 'postgres', 'valkey', 'etcd', 'agent', 'observer']);
  let created: CreatedSession;
  let firstRow: string | undefined;
  let info: SessionInfo;
  let kernelId: string;
  let agent: string;

  before('a session of a user runs', async function () {
    this.timeout((START_SECONDS + 10) * 1000);
    const { user, database, afterSuite } = world();
    const since = performance.now();
    created = await world().enqueue(world().smallSession(), afterSuite);
    firstRow = (await database.session(created.sessionId))?.status;
    info = await waitForState(user.sessions, created.sessionId, ['RUNNING'], START_SECONDS);
    measure('session-start', (performance.now() - since) / 1000, 's');
    const [kernel] = await database.kernels(created.sessionId);
    kernelId = kernel?.id ?? 'no kernel';
    agent = kernel?.agent ?? 'no agent';
  });

  it('gets an immediate answer with its id and PENDING, and is in the database by then', () => {
    expect(created).to.include({ status: 'PENDING', created: true });
    expect(created.sessionId).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(firstRow).to.be.oneOf([...SESSION_STATES]);
  });

  it('passes through its states in order, and API and database give the same history', async () => {
    const { user, database } = world();
    const history = await user.sessions.statusHistory(created.sessionId);
    const states = statesInOrder(history);
    expect(states.at(0)).to.equal('PENDING');
    expect(states.at(-1)).to.equal('RUNNING');
    const places = states.map((state) => SESSION_STATES.indexOf(state));
    expect(places, states.join(' → ')).to.deep.equal([...places].sort((a, b) => a - b));
    expect(states).to.include.members(['SCHEDULED', 'PREPARING', 'CREATING']);
    expect((await database.session(created.sessionId))?.status_history).to.deep.equal(history);
  });

  it("moves from state to state without a gap in the scheduler's history", async () => {
    const steps = await world().database.schedulingSteps(created.sessionId);
    const moves = steps.filter((step) => step.to_status && step.to_status !== step.from_status);
    expect(moves.length, JSON.stringify(steps)).to.be.at.least(3);
    expect(moves.at(-1)?.to_status).to.equal('RUNNING');
    for (const [index, move] of moves.entries()) {
      if (index > 0) expect(move.from_status, JSON.stringify(moves)).to.equal(moves[index - 1]?.to_status);
    }
  });

  it('looks the same in the database and the API', async () => {
    const { connection, database } = world();
    const row = await database.session(created.sessionId);
    expect(row).to.include({
      name: created.sessionName,
      status: 'RUNNING',
      domain_name: info.domainName,
      scaling_group_name: connection.scalingGroup,
      terminated_at: null,
    });
    expect(row?.images).to.deep.equal([connection.registry.kernelImage]);
    const kernels = await database.kernels(created.sessionId);
    expect(kernels).to.have.length(1);
    expect(kernels[0]).to.include({
      status: 'RUNNING',
      image: connection.registry.kernelImage,
      container_id: info.containerId,
      cluster_role: 'main',
      terminated_at: null,
    });
    expect(info).to.include({ image: connection.registry.kernelImage, domainName: connection.domain });
    expect(connection.agents.map((known) => known.id)).to.include(agent);
  });

  it('is a running container on its agent, with its labels, image and limits', async () => {
    const { connection } = world();
    const container = await world()
      .observer(agent)
      .container(info.containerId ?? 'none');
    expect(container?.state.Running).to.equal(true);
    expect(container?.labels).to.include({
      [CONTAINER_LABELS.kernel]: kernelId,
      [CONTAINER_LABELS.session]: created.sessionId,
      [CONTAINER_LABELS.agent]: agent,
      [CONTAINER_LABELS.ownerUser]: info.userId,
    });
    expect(container?.image).to.equal(connection.registry.kernelImage);
    expect(container?.limits.Memory).to.equal(MEMORY);
  });

  it('has exactly one container, on one agent', async () => {
    for (const observer of world().observers()) {
      const found = await containersOf(observer, CONTAINER_LABELS.session, created.sessionId);
      expect(
        found.map((container) => container.id),
        observer.agent,
      ).to.deep.equal(observer.agent === agent ? [info.containerId] : []);
    }
  });

  it('has a scratch directory on its agent only', async () => {
    for (const observer of world().observers()) {
      const has = (await observer.scratches()).includes(kernelId);
      expect(has, `scratch of ${kernelId} on ${observer.agent}`).to.equal(observer.agent === agent);
    }
  });

  it('occupies the requested resources: its rows, its agent and the API agree', async () => {
    const { admin, database } = world();
    const allocations = await database.allocations(created.sessionId);
    expect(
      allocations.map(({ slot_name, requested, used, freed }) => ({ slot_name, requested, used, freed })),
    ).to.deep.equal([
      { slot_name: 'cpu', requested: 1, used: 1, freed: false },
      { slot_name: 'mem', requested: MEMORY, used: MEMORY, freed: false },
    ]);
    const held = await database.heldOn(agent);
    const slots = (await database.agentSlots()).filter((row) => row.agent_id === agent);
    for (const slot of slots) {
      expect(slot.used, `${slot.slot_name} used on ${agent}`).to.equal(held[slot.slot_name] ?? 0);
      expect(slot.used).to.be.at.most(slot.capacity);
    }
    const shown = (await admin.agents()).find((candidate) => candidate.id === agent);
    const occupied: Record<string, string> = JSON.parse(shown?.occupied_slots ?? '{}');
    expect(Number(occupied.cpu)).to.equal(held.cpu);
    expect(Number(occupied.mem)).to.equal(held.mem);
  });

  it('runs while etcd and Valkey list its agents and managers as alive', async () => {
    const { valkey, etcd, connection } = world();
    const seen = await valkey.agentsLastSeen();
    for (const known of connection.agents) {
      expect(Date.now() / 1000 - (seen[known.id] ?? 0), `age of the heartbeat of ${known.id}`).to.be.below(
        60,
      );
      expect(await etcd.get(`nodes/agents/${known.id}/`), `etcd on ${known.id}`).to.equal('running');
    }
    expect(await etcd.get('manager/status')).to.equal('running');
    expect(Object.values(await etcd.below('nodes/manager/'))).to.include('up');
  });

  it('can be found by its name and by its id', async () => {
    const { sessions } = world().user;
    const byName = await sessions.match(created.sessionName);
    expect(byName).to.deep.equal([{ id: created.sessionId, name: created.sessionName, status: 'RUNNING' }]);
    expect((await sessions.get(created.sessionName)).containerId).to.equal(info.containerId);
    expect((await sessions.get(created.sessionId)).containerId).to.equal(info.containerId);
  });

  it('is returned, not created again, when requested with reuseIfExists', async () => {
    const { user, database } = world();
    const again = await user.sessions.create(
      world().smallSession({ name: created.sessionName, reuseIfExists: true }),
    );
    expect(again).to.include({ sessionId: created.sessionId, created: false, status: 'RUNNING' });
    expect(await database.traces(created.sessionName)).to.deep.equal({ sessions: 1, kernels: 1 });
  });

  it('is requested from a manager that answers signed requests about as fast as others', async () => {
    const { user, connection } = world();
    const signed = await fastestSeconds(REQUESTS, () =>
      user.api.request({ method: 'GET', path: '/auth/role' }),
    );
    const open = new Api(connection.manager.url);
    const unsigned = await fastestSeconds(REQUESTS, () => open.request({ method: 'GET', path: '/' }));
    const most = 5 * unsigned + SIGNED_SECONDS;
    measure('signed-request', signed * 1000, 'ms', most * 1000);
    measure('unsigned-request', unsigned * 1000, 'ms');
    expect(signed, `seconds of a signed request to the manager (${unsigned} s unsigned)`).to.be.at.most(most);
  });

  // Agents report their containers as rarely as once a minute. This test is the last one, so it waits less.
  it('is reported alive to Valkey by its agent', async function () {
    this.timeout(100_000);
    const { valkey } = world();
    await waitUntil(
      `a sign of kernel ${kernelId} in Valkey`,
      async () => {
        const presence = await valkey.kernelPresence(kernelId);
        return presence.presence === '1' || (await valkey.hasStatistics(kernelId)) ? true : notYet(presence);
      },
      { deadlineSeconds: 80, everyMs: 1_000 },
    );
  });
});
