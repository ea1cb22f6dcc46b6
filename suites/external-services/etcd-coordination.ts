import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { EtcdLocks } from '../chaos/etcd-lock.ts';
import { eachManager, type OneManager } from '../clients/manager/discovery.ts';
import {
  allowIntrospection,
  answersIntrospection,
  CONFIG_LOCK,
  config,
  INTROSPECTION,
  untilIntrospection,
} from '../clients/manager/live-config.ts';
import { measure } from '../evidence/record.ts';
import { notYet, passes, waitUntil } from '../evidence/waiting.ts';
import { noteChange } from '../fixtures/noted-changes.ts';
import { useWorld } from '../fixtures/world.ts';

const CONTENDERS = 20;
/** Time for which managers must not do what another's lock forbids, seconds. They give up after 20 s. */
const HELD_SECONDS = 3;
/** Lease of the holder that is killed, seconds. */
const LEASE_SECONDS = 3;

describe('coordination through etcd', function () {
  this.timeout(120_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'etcd', 'agent']);
  let managers: OneManager[];
  before('both managers answer at their own addresses', async () => {
    managers = (await eachManager(world())).each;
  });

  describe('keys of components', () => {
    it('name each running manager', async () => {
      const { admin, etcd } = world();
      const nodes = await etcd.below('nodes/manager/');
      for (const manager of managers) expect(nodes[`nodes/manager/${manager.id}`], manager.id).to.equal('up');
      expect(await etcd.get('manager/status')).to.equal('running');
      const reported = await admin.api.json<{ status: string; nodes: { id: string }[] }>({
        method: 'GET',
        path: '/manager/status',
      });
      expect(reported.status).to.equal('running');
      expect(managers.map((manager) => manager.id)).to.include(reported.nodes[0]?.id);
    });

    it('name the same agents as the database', async () => {
      const { connection, database, etcd } = world();
      for (const agent of connection.agents) {
        expect(await etcd.get(`nodes/agents/${agent.id}/`), agent.id).to.equal('running');
      }
      const alive = await database.rows<{ id: string }>(`SELECT id FROM agents WHERE status = 'ALIVE'`);
      const named = Object.keys(await etcd.below('nodes/agents/')).map((key) => key.split('/')[2]);
      expect(named).to.include.members(alive.map((row) => row.id));
    });

    it("give managers the storage-proxy's address, the same that clients get", async () => {
      const { connection, etcd, user } = world();
      const [proxy, volume] = connection.storageProxy.volume.split(':');
      expect(await etcd.get('volumes/default_host')).to.equal(connection.storageProxy.volume);
      expect(await etcd.get(`volumes/proxies/${proxy}/secret`)).to.equal(
        connection.storageProxy.managerSecret,
      );
      expect(await etcd.get(`volumes/proxies/${proxy}/client_api`)).to.be.a('string');
      const hosts = await user.api.json<{ default: string; allowed: string[] }>({
        method: 'GET',
        path: '/folders/_/hosts',
      });
      expect(hosts).to.deep.include({ default: `${proxy}:${volume}` });
      expect(hosts.allowed).to.include(`${proxy}:${volume}`);
    });
  });

  describe('a key written by an administrator', () => {
    it('reaches watchers at once, is readable at the other manager, and is gone after its deletion', async () => {
      const { afterTest, etcd } = world();
      const key = `e2e/${world().name('key')}`;
      const [writer, reader] = managers;
      if (!writer || !reader) throw new Error('two managers are needed');
      afterTest.add(`etcd key ${key}`, () => config('delete', { key, prefix: false }, world().admin));
      const watch = await etcd.watch(key);
      afterTest.add('a watch', () => watch.end());
      const sees = (change: { key: string; value: string | undefined }) =>
        waitUntil(
          `the watch to see ${JSON.stringify(change)}`,
          async () => {
            const last = watch.seen.at(-1);
            return last?.key === change.key && last.value === change.value ? undefined : notYet(watch.seen);
          },
          { deadlineSeconds: 10, everyMs: 20 },
        );
      for (const value of ['one', 'two']) {
        const since = performance.now();
        await config('set', { key, value }, writer.asAdmin);
        await sees({ key, value });
        if (value === 'two') measure('etcd-write-to-watch', (performance.now() - since) / 1000, 's');
        expect(await config('get', { key, prefix: false }, reader.asAdmin)).to.deep.equal({ result: value });
        expect(await etcd.get(key)).to.equal(value);
      }
      await config('delete', { key, prefix: false }, writer.asAdmin);
      await sees({ key, value: undefined });
      expect(watch.seen.map((change) => change.value)).to.deep.equal(['one', 'two', undefined]);
      expect(await etcd.get(key)).to.equal(undefined);
    });

    it('is not accessible to an ordinary user', async () => {
      const { etcd, user } = world();
      const key = `e2e/${world().name('key')}`;
      const refusal = { status: 403, kind: 'generic-forbidden' };
      await expectRefusal(config('set', { key, value: 'x' }, user), refusal);
      await expectRefusal(config('get', { key: 'config/redis', prefix: true }, user), refusal);
      expect(await etcd.get(key)).to.equal(undefined);
    });

    it('changes both running managers without a restart', async () => {
      const { admin, afterTest } = world();
      const becomes = (wanted: boolean): Promise<void> =>
        untilIntrospection(wanted, managers, { deadlineSeconds: 20, everyMs: 100 });
      const before = await Promise.all(managers.map(answersIntrospection));
      expect(before, 'before').to.deep.equal(managers.map(() => false));
      afterTest.add('introspection', () => becomes(false));
      await noteChange(world(), afterTest, { undo: 'DeleteConfig', subject: INTROSPECTION });
      const since = performance.now();
      await config('set', { key: INTROSPECTION, value: 'yes' }, admin);
      await becomes(true);
      measure('etcd-live-reload', (performance.now() - since) / 1000, 's');
      await config('delete', { key: INTROSPECTION, prefix: false }, admin);
      await becomes(false);
    });
  });

  it("lets no manager change the configuration while another holds Backend.AI's own lock", async () => {
    const { afterTest, connection, etcd } = world();
    const locks = new EtcdLocks(connection.etcd);
    const lease = await locks.lease(60);
    afterTest.add(`lease ${lease}`, () => locks.revoke(lease).catch(() => undefined));
    afterTest.add('introspection', () =>
      untilIntrospection(false, managers, { deadlineSeconds: 20, everyMs: 100 }),
    );
    await noteChange(world(), afterTest, { undo: 'DeleteConfig', subject: INTROSPECTION });
    const held = await locks.acquire(CONFIG_LOCK, lease, 10_000);
    let changed = 0;
    const changes = Promise.allSettled(
      managers.map(async ({ asAdmin }) => {
        await allowIntrospection(asAdmin);
        changed += 1;
      }),
    );
    await waitUntil(
      'both managers to wait for the lock of the configuration',
      async () => {
        const waiting = (await locks.contenders(CONFIG_LOCK)) - 1;
        return waiting >= managers.length ? undefined : notYet({ waiting, changed });
      },
      { deadlineSeconds: 10, everyMs: 100 },
    );
    await passes(HELD_SECONDS);
    expect(changed, 'managers that changed the configuration meanwhile').to.equal(0);
    expect(await etcd.get(INTROSPECTION), 'the key meanwhile').to.equal(undefined);
    await locks.release(held);
    const failed = (await changes).find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    expect(await etcd.get(INTROSPECTION), 'the key afterwards').to.equal('yes');
    await untilIntrospection(true, managers, { deadlineSeconds: 20, everyMs: 100 });
    expect(await locks.contenders(CONFIG_LOCK), 'clients that hold the lock or wait for it').to.equal(0);
  });

  // Managers of this deployment lock in PostgreSQL. With etcd locks they would use this service.
  describe('its lock', () => {
    let locks: EtcdLocks;
    let room: string;
    beforeEach(() => {
      locks = new EtcdLocks(world().connection.etcd);
      room = `/e2e/${world().name('lock')}`;
      world().afterTest.add(`etcd keys ${room}`, () => locks.forget(room));
    });
    const lease = async (seconds: number): Promise<string> => {
      const id = await locks.lease(seconds);
      world().afterTest.add(`lease ${id}`, () => locks.revoke(id).catch(() => undefined));
      return id;
    };

    it(`admits one of ${CONTENDERS} contenders at a time`, async () => {
      const counter = `${room}/counter`;
      await locks.write(counter, '0');
      const history = await Promise.all(
        Array.from({ length: CONTENDERS }, async () => {
          const lock = await locks.acquire(`${room}/door`, await lease(60), 60_000);
          // Two concurrent holders would read the same number.
          const before = Number(await locks.read(counter));
          await locks.write(counter, String(before + 1));
          return { from: lock.grantedAt, to: await locks.release(lock), before };
        }),
      );
      expect(await locks.read(counter)).to.equal(String(CONTENDERS));
      const stays = history.sort((a, b) => a.from - b.from);
      expect(stays.map((stay) => stay.before)).to.deep.equal(stays.map((_, index) => index));
      for (const [index, stay] of stays.entries()) {
        expect(stay.to).to.be.above(stay.from);
        if (index > 0) expect(stay.from, JSON.stringify(stays)).to.be.at.least(stays[index - 1]?.to ?? 0);
      }
    });

    it('is free again when its holder is gone and its lease has expired, not before', async () => {
      const dead = await locks.acquire(`${room}/door`, await lease(LEASE_SECONDS), 10_000);
      const since = performance.now();
      const next = await locks.acquire(`${room}/door`, await lease(60), 30_000);
      const seconds = (performance.now() - since) / 1000;
      measure('etcd-lock-freed-after-death', seconds, 's', LEASE_SECONDS + 10);
      expect(next.grantedAt).to.be.above(dead.grantedAt);
      expect(seconds).to.be.within(LEASE_SECONDS - 1, LEASE_SECONDS + 10);
      await locks.release(next);
    });
  });
});
