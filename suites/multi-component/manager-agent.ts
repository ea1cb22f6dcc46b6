import { expect } from 'chai';
import { runCode } from '../assertions/execution.ts';
import { expectRefusal } from '../assertions/refusal.ts';
import { CONTAINER_LABELS, containersOf } from '../clients/cluster/agent-observer.ts';
import { ContainerRegistry } from '../clients/cluster/registry.ts';
import { Api } from '../clients/http/api.ts';
import { readMetric } from '../clients/http/metrics.ts';
import { answeredWith } from '../clients/http/request-metrics.ts';
import { eachManager } from '../clients/manager/discovery.ts';
import { ImageAdministration } from '../clients/manager/image-administration.ts';
import { END_SECONDS, START_SECONDS, waitForEnd } from '../clients/manager/session-watch.ts';
import { amounts, rpcCalls, shownAgents, slotsInUse } from '../clients/manager/shown-agents.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { type RunningSession, SMALL, useWorld } from '../fixtures/world.ts';

describe('manager and agents', () => {
  const world = useWorld(['manager', 'postgres', 'valkey', 'etcd', 'agent', 'observer']);

  describe('an agent', () => {
    it('is ALIVE for the API, in the database, in etcd and by its heartbeat in Valkey', async () => {
      const { connection, database, etcd, valkey } = world();
      const known = connection.agents.map((agent) => agent.id).sort();
      const shown = await shownAgents(world());
      expect(shown.filter((agent) => agent.status === 'ALIVE').map((agent) => agent.id)).to.deep.equal(known);
      const rows = await database.rows<{ id: string }>(
        `SELECT id FROM agents WHERE status = 'ALIVE' AND lost_at IS NULL ORDER BY id`,
      );
      expect(rows.map((row) => row.id)).to.deep.equal(known);
      const seen = await valkey.agentsLastSeen();
      for (const id of known) {
        expect(await etcd.get(`nodes/agents/${id}/`), `etcd on ${id}`).to.equal('running');
        expect(Date.now() / 1000 - (seen[id] ?? 0), `age of the heartbeat of ${id}`).to.be.below(60);
      }
    });

    it('continues to send heartbeats', async function () {
      this.timeout(60_000);
      const { connection, valkey } = world();
      const before = await valkey.agentsLastSeen();
      await waitUntil(
        'a newer heartbeat of every agent',
        async () => {
          const now = await valkey.agentsLastSeen();
          const silent = connection.agents.filter(({ id }) => (now[id] ?? 0) <= (before[id] ?? 0));
          return silent.length === 0 ? undefined : notYet(silent.map(({ id }) => id));
        },
        { deadlineSeconds: 45 },
      );
    });

    it('is reachable at its registered address, where it reports the same version', async () => {
      const { connection } = world();
      for (const agent of await shownAgents(world())) {
        const endpoint = connection.agents.find((candidate) => candidate.id === agent.id);
        const health = await new Api(endpoint?.httpUrl ?? '').json<Record<string, unknown>>({
          method: 'GET',
          path: '/health',
        });
        expect(health).to.deep.include({ status: 'ok', component: 'agent', version: connection.version });
        expect(agent.version).to.equal(health.version);
        expect(agent.addr, `address of ${agent.id}`).to.match(/^tcp:\/\/.+:6001$/);
      }
    });

    it('shows its architecture and its plugins, with versions', async () => {
      const { connection, database } = world();
      for (const agent of await shownAgents(world())) {
        const plugins: Record<string, { version: string }> = JSON.parse(agent.compute_plugins);
        expect(Object.keys(plugins).sort()).to.deep.equal(['cpu', 'mem']);
        for (const plugin of Object.values(plugins)) expect(plugin.version).to.equal(connection.version);
        const [row] = await database.rows<{
          compute_plugins: unknown;
          architecture: string;
          scaling_group: string;
        }>('SELECT compute_plugins, architecture, scaling_group FROM agents WHERE id = $1', [agent.id]);
        expect(row).to.deep.equal({
          compute_plugins: plugins,
          architecture: agent.architecture,
          scaling_group: connection.scalingGroup,
        });
      }
    });

    it('announces slots on which the API, the database and its own metrics agree', async () => {
      const { connection, database } = world();
      const rows = await database.agentSlots();
      for (const agent of await shownAgents(world())) {
        const available = amounts(agent.available_slots);
        const capacity = rows.filter((row) => row.agent_id === agent.id);
        expect(Object.fromEntries(capacity.map((row) => [row.slot_name, row.capacity]))).to.deep.equal(
          available,
        );
        expect(available.cpu, `cores of ${agent.id}`).to.be.at.least(1);
        const url = connection.agents.find((candidate) => candidate.id === agent.id)?.httpUrl ?? '';
        const measured = (await readMetric(url, 'backendai_device_utilization')).find(
          ({ labels }) => labels.device_metric_name === 'mem' && labels.value_type === 'capacity',
        );
        expect(available.mem, `memory of ${agent.id}`).to.equal(measured?.value);
      }
    });

    it('counts towards the total of the deployment', async () => {
      const { admin, database } = world();
      const total = await admin.api.json<{ total_capacity_slots: Record<string, string> }>({
        method: 'GET',
        path: '/v2/agents/total-resources',
      });
      for (const [slot, amount] of Object.entries(total.total_capacity_slots)) {
        const rows = (await database.agentSlots()).filter(
          (row) => row.slot_name === slot && row.status === 'ALIVE',
        );
        expect(Number(amount), slot).to.equal(rows.reduce((sum, row) => sum + row.capacity, 0));
      }
      expect(Object.keys(total.total_capacity_slots).sort()).to.deep.equal(['cpu', 'mem']);
    });

    it('answers a call from the manager on behalf of an administrator', async () => {
      const { admin, connection } = world();
      for (const { id } of connection.agents) {
        const before = await rpcCalls(world(), id, 'scan_gpu_alloc_map');
        const query = 'mutation($agent: String!) { rescan_gpu_alloc_maps(agent_id: $agent) { task_id } }';
        await admin.graphql(query, { agent: id });
        await waitUntil(
          `agent ${id} to count the call`,
          async () => {
            const now = await rpcCalls(world(), id, 'scan_gpu_alloc_map');
            return now > before ? undefined : notYet(now);
          },
          { deadlineSeconds: 20, everyMs: 250 },
        );
      }
    });

    it('is hidden from ordinary users in the administrators’ API, and each manager counts the refusal', async () => {
      for (const manager of (await eachManager(world())).each) {
        const url = `http://${manager.host}:18080`;
        const before = await answeredWith(url, 403);
        const request = manager.asUser.api.request({ method: 'POST', path: '/v2/agents/search', json: {} });
        await expectRefusal(request, { status: 403, kind: 'generic-forbidden' });
        expect(await answeredWith(url, 403), `metric of ${manager.id} for answers 403`).to.be.above(before);
      }
    });
  });

  describe('a session on an agent', () => {
    let session: RunningSession;
    let agent: string;
    let executions: number[];
    /** A different amount than in other suites, so that its own effect is visible. */
    const memory = 576 * 1024 * 1024;

    before('a session runs', async function () {
      this.timeout((START_SECONDS + 10) * 1000);
      const config = { ...SMALL, resources: { cpu: 1, mem: '576m' } };
      session = await world().startSession(world().afterSuite, { config });
      agent = (await world().database.kernels(session.id))[0]?.agent ?? 'none';
    });

    it('occupies its slots: its rows, the agent, the API and the container’s limits agree', async () => {
      const { database } = world();
      const [kernel] = await database.kernels(session.id);
      const container = await world()
        .observer(agent)
        .container(kernel?.container_id ?? 'none');
      expect(container?.limits.Memory).to.equal(memory);
      expect(container?.limits.CpusetCpus.split(',')).to.have.length(1);
      const allocations = await database.allocations(session.id);
      expect(allocations.map(({ slot_name, used }) => ({ slot_name, used }))).to.deep.equal([
        { slot_name: 'cpu', used: 1 },
        { slot_name: 'mem', used: memory },
      ]);
      // Other suites start and end sessions on the same agent, so two reads at different times may differ.
      await waitUntil(
        'database and API to agree',
        async () => {
          const { held, used, occupied, same } = await slotsInUse(world(), agent);
          return same && (used.mem ?? 0) >= memory ? undefined : notYet({ held, used, occupied });
        },
        { deadlineSeconds: 20 },
      );
    });

    it('runs code on the agent: the value comes back, and the agent counts the call', async () => {
      const { user, connection } = world();
      const count = () => Promise.all(connection.agents.map(({ id }) => rpcCalls(world(), id, 'execute')));
      executions = await count();
      const since = performance.now();
      const run = await runCode(user.sessions, session.id, { mode: 'query', code: '6 * 7' });
      measure('rpc-round-trip', (performance.now() - since) / 1000, 's');
      expect(run).to.include({ stdout: '42', exitCode: 0 });
      const after = await count();
      const index = connection.agents.findIndex(({ id }) => id === agent);
      expect(after[index]).to.be.above(executions[index] ?? Number.POSITIVE_INFINITY);
    });

    it('matches the container on the agent, and the manager counts it', async () => {
      const found = await containersOf(world().observer(agent), CONTAINER_LABELS.session, session.id);
      expect(found.map((container) => container.state)).to.deep.equal(['running']);
      const answer = await world().admin.api.json<{ items: { id: string }[] }>({
        method: 'POST',
        path: `/v2/sessions/agents/${agent}/search`,
        json: { limit: 100 },
      });
      expect(answer.items.map(({ id }) => id)).to.include(session.id);
    });

    it('releases its slots when it ends', async function () {
      this.timeout((END_SECONDS + 30) * 1000);
      const { user, database } = world();
      await user.sessions.destroy(session.id);
      await waitForEnd(database, session.id, ['TERMINATED']);
      expect((await database.allocations(session.id)).every((row) => row.freed)).to.equal(true);
      await waitUntil(
        'agent and API to be without it',
        async () => {
          const { held, used, occupied, same } = await slotsInUse(world(), agent);
          return same ? undefined : notYet({ held, used, occupied });
        },
        { deadlineSeconds: 20 },
      );
      await world().containersGone(session.id);
    });
  });

  describe('an image that is new in the registry', () => {
    it('is found by a scan, and pulled by the agent that needs it', async function () {
      this.timeout((START_SECONDS + END_SECONDS + 60) * 1000);
      const { admin, database, connection, afterTest } = world();
      const images = new ImageAdministration(admin.api);
      const registry = new ContainerRegistry(connection.registry);
      const { name: host, project, kernelImage } = connection.registry;
      const repository = kernelImage.slice(host.length + 1, kernelImage.lastIndexOf(':'));
      // Backend.AI parses the parts of a tag between dashes, so the tag has no dash.
      const tag = `e2e${world().run}`;
      const reference = `${host}/${repository}:${tag}`;
      const row = async () =>
        (
          await database.rows<{ id: string; config_digest: string; status: string }>(
            'SELECT id, trim(config_digest) AS config_digest, status::text FROM images WHERE name = $1',
            [reference],
          )
        )[0];

      const original = await registry.manifest(
        repository,
        kernelImage.slice(kernelImage.lastIndexOf(':') + 1),
      );
      if (!original) throw new Error(`the registry does not have ${kernelImage}`);
      const made = await registry.relabel(repository, original, tag, { 'e2e.run': world().run });
      afterTest.add(`image ${reference} in the registry`, () =>
        registry.deleteManifest(repository, made.digest),
      );
      expect(await row(), 'before the scan').to.equal(undefined);

      afterTest.add(`row of image ${reference}`, async () => {
        const scanned = await row();
        if (scanned) await images.purge(scanned.id);
      });
      await images.rescan(host, project);
      expect(await row()).to.deep.include({ config_digest: made.config, status: 'ALIVE' });
      const shown = (await admin.images()).find((image) => image.tag === tag);
      expect(shown).to.include({
        registry: host,
        name: repository,
        architecture: 'x86_64',
        digest: made.config,
      });

      const has = async () => {
        const observers = world().observers();
        const held = await Promise.all(observers.map((observer) => observer.images()));
        return observers.filter((_, index) => held[index]?.some((image) => image.tags.includes(reference)));
      };
      expect(
        (await has()).map((observer) => observer.agent),
        'agents that hold it before',
      ).to.deep.equal([]);
      const { agents } = connection;
      afterTest.add(`image ${reference} on the agents`, async () => {
        for (const { agent } of await has()) await images.removeFromAgent(agent, reference, host);
        await waitUntil(
          'the agents to be without the image',
          async () => ((await has()).length === 0 ? undefined : notYet(agents.map(({ id }) => id))),
          { deadlineSeconds: 40 },
        );
      });
      const session = await world().startSession(afterTest, { image: reference });
      measure('session-start-with-pull', session.startSeconds, 's');
      const agent = (await database.kernels(session.id))[0]?.agent;
      expect((await has()).map((observer) => observer.agent)).to.deep.equal([agent]);
      const observer = world().observer(agent ?? '');
      const pulled = (await observer.images()).find((image) => image.tags.includes(reference));
      expect(pulled?.id).to.equal(made.config);
      expect(pulled?.digests).to.include(`${host}/${repository}@${made.digest}`);
    });
  });
});
