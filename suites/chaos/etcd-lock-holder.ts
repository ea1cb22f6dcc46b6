import { setTimeout } from 'node:timers/promises';
import { EtcdLocks } from './etcd-lock.ts';

/**
 * A separate process that takes a lock of etcd, keeps its lease alive, and holds it until it is killed:
 *   etcd-lock-holder.ts ENDPOINT LOCK LEASE_SECONDS
 * It sends the key of the lock to its parent. It retries when etcd does not answer.
 */
const [endpoint = '', name = '', seconds = ''] = process.argv.slice(2);
const locks = new EtcdLocks({ endpoints: [endpoint], namespace: '' });
const lease = await locks.lease(Number(seconds));
const { key } = await locks.acquire(name, lease, 20_000);
process.send?.({ key });
// Release the lock when the parent ends.
process.once('disconnect', () => process.exit(1));
for (;;) {
  await locks.keepAlive(lease).catch(() => undefined);
  await setTimeout((Number(seconds) * 1000) / 5);
}
