import { setTimeout } from 'node:timers/promises';
import { EtcdLocks } from './etcd-lock.ts';

/**
 * A process of its own that takes a lock of etcd, keeps its lease alive, and holds it until it is killed:
 *   etcd-lock-holder.ts ENDPOINT LOCK LEASE_SECONDS
 * Tells its parent the key of the lock when it has it. An etcd that does not answer is asked again.
 */
const [endpoint = '', name = '', seconds = ''] = process.argv.slice(2);
const locks = new EtcdLocks({ endpoints: [endpoint], namespace: '' });
const lease = await locks.lease(Number(seconds));
const { key } = await locks.acquire(name, lease, 20_000);
process.send?.({ key });
// Without its parent it must not hold anything.
process.once('disconnect', () => process.exit(1));
for (;;) {
  await locks.keepAlive(lease).catch(() => undefined);
  await setTimeout((Number(seconds) * 1000) / 5);
}
