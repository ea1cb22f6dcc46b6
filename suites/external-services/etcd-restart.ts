import { expect } from 'chai';
import { EtcdLocks } from '../chaos/etcd-lock.ts';
import { type Disruption, type Receipt, useFaults, withFault } from '../chaos/faults.ts';
import { LockProcess } from '../chaos/lock-process.ts';
import { LOOKED_AT_MS, leaveHealthy, useRecovery } from '../chaos/recovery.ts';
import { Api, NoAnswer } from '../clients/http/api.ts';
import { eachManager, livingProcesses, type OneManager } from '../clients/manager/discovery.ts';
import { config, INTROSPECTION, untilIntrospection } from '../clients/manager/live-config.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { noteChange } from '../fixtures/noted-changes.ts';
import type { Component } from '../fixtures/precondition.ts';
import { useWorld } from '../fixtures/world.ts';

/**
 * Longest time until a component uses etcd again after an outage of seconds. Clients reconnect with increasing pauses.
 */
const RECOVERY_SECONDS = 90;
/** A component checks its connections every 60 s (ai.backend.common.health_checker.probe), for some seconds. */
const LOOK_SECONDS = 75;
/**
 * Lease of the holder that is killed, seconds. It is longer than a start of etcd, so that keep-alive survives the
 * restart.
 */
const LEASE_SECONDS = 15;

const NEEDED: readonly Component[] = ['manager', 'postgres', 'valkey', 'etcd', 'agent', 'storage-proxy'];
const target = { component: 'etcd' };
const KILLED: Disruption = { target, kill: {} };
/** Its pod is replaced at another address behind the same Service. */
const REPLACED: Disruption = { target, podDelete: {} };

describe('coordination when etcd is restarted', function () {
  this.timeout(300_000);
  // The webserver, which may miss a manager for up to two minutes, is not used here.
  leaveHealthy(() => world(), LOOKED_AT_MS);
  const world = useWorld(NEEDED);
  const faults = useFaults();
  useRecovery(world, { of: NEEDED, settledMs: LOOKED_AT_MS });
  let managers: OneManager[];
  let locks: EtcdLocks;
  before('both managers answer at their own addresses', async () => {
    managers = (await eachManager(world())).each;
    locks = new EtcdLocks(world().connection.etcd);
  });

  const recovery = { deadlineSeconds: RECOVERY_SECONDS, everyMs: 100, tolerate: () => true };
  /** Waits until etcd answers with a start time after the fault. */
  const restarted = async (receipt: Receipt, before: number): Promise<void> => {
    const term = await waitUntil('etcd to answer', () => locks.term(), recovery);
    if (!(term > before)) throw new Inconclusive(`etcd has not restarted: its term is still ${term}`);
    measure('etcd-answers-again', (Date.now() - receipt.injectedAt.getTime()) / 1000, 's');
  };

  /** Waits until etcd serves as many watches as before, so that all clients have reconnected. */
  const watchedAgain = (before: number): Promise<void> =>
    waitUntil(
      `etcd to serve ${before} watches again`,
      async () => {
        const now = await world().etcd.watches();
        return now >= before ? undefined : notYet(now);
      },
      recovery,
    );

  it('keeps every key; managers write, read and reload again, and a watch continues', async () => {
    const { admin, afterTest, etcd, valkey } = world();
    const [writer, reader] = managers;
    if (!writer || !reader) throw new Inconclusive('two managers are needed');
    const becomes = (wanted: boolean): Promise<void> => untilIntrospection(wanted, managers, recovery);
    const key = `e2e/${world().name('key')}`;
    afterTest.add(`etcd key ${key}`, () => config('delete', { key, prefix: false }, admin));
    afterTest.add('introspection', () => becomes(false));
    await noteChange(world(), afterTest, { undo: 'DeleteConfig', subject: INTROSPECTION });
    await config('set', { key, value: 'before' }, writer.asAdmin);
    const watch = await etcd.watch(key);
    afterTest.add('a watch', () => watch.end());
    const snapshot = await etcd.below('');
    const watches = await etcd.watches();
    expect(snapshot).to.include({ [key]: 'before', 'manager/status': 'running' });
    const term = await locks.term();
    const processes = await livingProcesses(valkey);
    expect(processes.map(({ group }) => group)).to.include.members(['manager', 'agent', 'storage-proxy']);

    await withFault(faults(), KILLED, afterTest, async (receipt) => {
      await restarted(receipt, term);
      const since = receipt.injectedAt.getTime();
      const after = await waitUntil('all keys to be read', () => etcd.below(''), recovery);
      expect(after).to.deep.equal(snapshot);

      await waitUntil(
        'a manager to write a key again',
        () => config('set', { key, value: 'after' }, writer.asAdmin),
        recovery,
      );
      expect(await etcd.get(key)).to.equal('after');
      measure('manager-writes-again', (Date.now() - since) / 1000, 's');
      const read = await waitUntil(
        'the other manager to read a key again',
        () => config('get', { key, prefix: false }, reader.asAdmin),
        recovery,
      );
      expect(read).to.deep.equal({ result: 'after' });
      await waitUntil(
        'the watch of before to see it',
        async () => (watch.seen.at(-1)?.value === 'after' ? undefined : notYet(watch.seen)),
        recovery,
      );
      expect(watch.seen.map(({ value }) => value)).to.deep.equal(['after']);

      await watchedAgain(watches);
      measure('managers-watch-again', (Date.now() - since) / 1000, 's');
      await config('set', { key: INTROSPECTION, value: 'yes' }, admin);
      await becomes(true);
      measure('managers-reload-again', (Date.now() - since) / 1000, 's');
      await config('delete', { key: INTROSPECTION, prefix: false }, admin);
      await becomes(false);

      // Every process has checked its connections after the restart and found them healthy.
      await Promise.all(processes.map(({ name, metricsAddress }) => wellAfter(name, metricsAddress, since)));
    });
  });

  /**
   * Waits until a process reports that it has checked all its connections after that time and that they are healthy.
   */
  async function wellAfter(name: string, address: string, since: number): Promise<void> {
    await waitUntil(
      `${name} to be well after the restart`,
      async () => {
        const answer = await new Api(`http://${address}`).request({
          method: 'GET',
          path: '/health',
          timeoutMs: 5_000,
        });
        // The worker of the app proxy sends JSON in a JSON string.
        const text = typeof answer.body === 'string' ? answer.body : answer.bytes.toString();
        const { connectivity_checks: checks }: Connectivity = JSON.parse(text).connectivity;
        const bad = checks.filter((one) => !one.is_healthy || Date.parse(one.last_checked_at) < since);
        return checks.length > 0 && bad.length === 0 ? undefined : notYet(bad);
      },
      { deadlineSeconds: LOOK_SECONDS, everyMs: 500, tolerate: (error) => error instanceof NoAnswer },
    );
  }

  // EtcdClient.watch_prefix (ai.backend.common.etcd) restarts at the current revision, not after the last one that it
  // saw.
  it('leaves no manager with an old configuration: managers read what was written before they watch again', async () => {
    const { afterTest, etcd } = world();
    const watches = await etcd.watches();
    afterTest.add('introspection', () => untilIntrospection(false, managers, recovery));
    await noteChange(world(), afterTest, { undo: 'DeleteConfig', subject: INTROSPECTION });
    const term = await locks.term();
    await withFault(faults(), KILLED, afterTest, async (receipt) => {
      await restarted(receipt, term);
      // Managers retry 0.5, 1.5, 3.5 and 7.5 s after the loss. This write happens in a pause and needs no reconnect.
      await etcd.put({ [INTROSPECTION]: 'yes' });
      const early = await etcd.watches();
      if (early >= watches) throw new Inconclusive(`all clients watched again before the write: ${early}`);
      await watchedAgain(watches);
    });
    await untilIntrospection(true, managers, { deadlineSeconds: 20, everyMs: 100 });
  });

  it('keeps a lock for its holder through the restart, and frees it when the holder is killed', async () => {
    const { afterTest, connection } = world();
    const room = `/e2e/${world().name('lock')}`;
    const door = `${room}/door`;
    afterTest.add(`etcd keys ${room}`, () => locks.forget(room));
    const holder = await LockProcess.start(connection.etcd, door, LEASE_SECONDS, afterTest);
    const term = await locks.term();
    await withFault(faults(), REPLACED, afterTest, async (receipt) => {
      await restarted(receipt, term);
      expect(await locks.isHeld(holder.key), 'the key of the lock is kept').to.equal(true);
      const lease = await locks.lease(120);
      afterTest.add(`lease ${lease}`, () => locks.revoke(lease).catch(() => undefined));
      // Longer than the lease: no other process may get the lock while its holder keeps it alive.
      const waited = (LEASE_SECONDS + 3) * 1000;
      const early = await locks.acquire(door, lease, waited).catch((error: unknown) => error);
      expect(early, 'the lock is held by the one that lives').to.be.instanceOf(NoAnswer);

      await holder.kill();
      const since = performance.now();
      const next = await locks.lease(120);
      afterTest.add(`lease ${next}`, () => locks.revoke(next).catch(() => undefined));
      // The abandoned request may still be queued, so its lease is revoked first.
      await locks.revoke(lease);
      const lock = await locks.acquire(door, next, (LEASE_SECONDS + 30) * 1000);
      const seconds = (performance.now() - since) / 1000;
      measure('lock-freed-after-kill', seconds, 's', LEASE_SECONDS + 10);
      // The holder renews it after every fifth of its lifetime.
      expect(seconds).to.be.within(LEASE_SECONDS * 0.7, LEASE_SECONDS + 10);
      await locks.release(lock);
    });
  });
});

/** A component's connections at /health. Times: ISO 8601. */
interface Connectivity {
  connectivity_checks: { component_id: string; is_healthy: boolean; last_checked_at: string }[];
}
