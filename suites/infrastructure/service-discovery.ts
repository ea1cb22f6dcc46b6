import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { Api } from '../clients/http/api.ts';
import { BackendAi } from '../clients/manager/backend-ai.ts';
import {
  eachManager,
  GROUPS,
  prometheusTargets,
  RECORD_TTL_SECONDS,
  RENEWAL_SECONDS,
  type Registration,
  registrations,
} from '../clients/manager/discovery.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

/** A component's connections at /health. */
interface Health {
  status: string;
  version: string;
  component: string;
  connectivity: {
    overall_healthy: boolean;
    connectivity_checks: { service_group: string; component_id: string; is_healthy: boolean }[];
  };
}

describe('service discovery', function () {
  this.timeout(120_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'etcd', 'agent', 'storage-proxy']);

  /** Records that are renewed in time. Records of deleted pods stay until they expire. */
  const current = (all: readonly Registration[]): Registration[] =>
    all.filter((one) => Date.now() / 1000 - one.lastHeartbeat < RENEWAL_SECONDS + 15);
  const pods = (): Record<string, number> => ({
    manager: 2,
    agent: world().connection.agents.length,
    'storage-proxy': 1,
    'appproxy-coordinator': 1,
    'appproxy-worker': 1,
  });

  it('lists every process of every component once', async () => {
    // A pod that another suite has just deleted stays listed until its record should have been renewed.
    const found = await waitUntil(
      'each component to be known as often as it has pods',
      async () => {
        const all = current(await registrations(world().valkey));
        const count = Object.fromEntries(
          GROUPS.map((group) => [group, all.filter((one) => one.group === group).length]),
        );
        return isDeepStrictEqual(count, pods()) ? all : notYet(count);
      },
      { deadlineSeconds: RENEWAL_SECONDS + 30 },
    );
    expect(new Set(found.map((one) => one.address)).size, 'addresses of their own').to.equal(found.length);
    for (const one of found) expect(one.version, one.name).to.equal(world().connection.version);
    const agents = found.filter((one) => one.group === 'agent').map((one) => one.name);
    expect(agents.sort()).to.deep.equal(
      world()
        .connection.agents.map((agent) => `agent-${agent.id}`)
        .sort(),
    );
  });

  it('names managers as etcd does', async () => {
    const { etcd, valkey } = world();
    const up = Object.keys(await etcd.below('nodes/manager/')).map((key) => key.split('/')[2]);
    const named = current(await registrations(valkey)).filter((one) => one.group === 'manager');
    for (const one of named) expect(up).to.include(one.name.replace(/^manager-/, ''));
  });

  it('keeps records for their documented lifetime only', async () => {
    for (const one of current(await registrations(world().valkey))) {
      expect(one.ttlSeconds, one.name).to.be.within(1, RECORD_TTL_SECONDS);
      const left = RECORD_TTL_SECONDS - (Date.now() / 1000 - one.lastHeartbeat);
      expect(Math.abs(left - one.ttlSeconds), `${one.name}: time to live follows its heartbeat`).to.be.below(
        10,
      );
      expect(one.registeredAt).to.be.at.most(one.lastHeartbeat);
    }
  });

  it('gives addresses at which each component answers with its own name, health and version', async () => {
    for (const one of current(await registrations(world().valkey))) {
      const answer = await new Api(`http://${one.metricsAddress}`).request({
        method: 'GET',
        path: '/health',
      });
      // The worker of the app proxy sends JSON in a JSON string.
      const text = typeof answer.body === 'string' ? answer.body : answer.bytes.toString();
      const health: Health = JSON.parse(text);
      expect(health, one.name).to.include({ status: 'ok', version: one.version, component: one.group });
      const ill = health.connectivity.connectivity_checks.filter((check) => !check.is_healthy);
      expect(ill, one.name).to.deep.equal([]);
      expect(health.connectivity.overall_healthy, one.name).to.equal(true);
    }
  });

  it('gives Prometheus the same targets at every manager', async () => {
    const { each } = await eachManager(world());
    const known = current(await registrations(world().valkey)).map((one) => one.metricsAddress);
    for (const manager of each) {
      expect(await prometheusTargets(manager), manager.id).to.include.members(known);
      for (const target of known) {
        const page = await new Api(`http://${target}`).request({ method: 'GET', path: '/metrics' });
        expect(page.bytes.length, target).to.be.above(100);
      }
    }
  });

  it('routes clients of the Service to every registered manager', async () => {
    const { each } = await eachManager(world());
    const { connection } = world();
    const served = new Set<string>();
    await waitUntil(
      'both managers to serve',
      async () => {
        // A new connection each time, because the Service chooses a pod for each connection.
        const fresh = new BackendAi(connection.manager.url, connection.accounts.admin);
        const reported = await fresh.api.json<{ nodes: { id: string }[] }>({
          method: 'GET',
          path: '/manager/status',
        });
        served.add(reported.nodes[0]?.id ?? 'unknown');
        return served.size >= each.length ? undefined : notYet([...served]);
      },
      { deadlineSeconds: 30, everyMs: 20 },
    );
    expect([...served].sort()).to.deep.equal(each.map((manager) => manager.id).sort());
  });

  it('renews the record of every component', async () => {
    const before = new Map(current(await registrations(world().valkey)).map((one) => [one.key, one]));
    const since = performance.now();
    await waitUntil(
      'each record to be renewed',
      async () => {
        const now = new Map((await registrations(world().valkey)).map((one) => [one.key, one]));
        const old = [...before.values()].filter(
          (one) => (now.get(one.key)?.lastHeartbeat ?? 0) <= one.lastHeartbeat,
        );
        return old.length === 0 ? undefined : notYet(old.map((one) => one.name));
      },
      { deadlineSeconds: RENEWAL_SECONDS + 20, everyMs: 500 },
    );
    measure('all-records-renewed', (performance.now() - since) / 1000, 's');
  });
});
