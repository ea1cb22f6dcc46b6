import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { type Disruption, type Receipt, useFaults, withFault } from '../chaos/faults.ts';
import { LOOKED_AT_MS, useRecovery } from '../chaos/recovery.ts';
import {
  EVENTS,
  notBefore,
  pendingBetween,
  readAsConsumer,
  type StreamEvent,
} from '../clients/data-stores/event-stream.ts';
import {
  eachManager,
  type OneManager,
  RENEWAL_SECONDS,
  registrations,
} from '../clients/manager/discovery.ts';
import { SessionEvents } from '../clients/manager/server-events.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { EventStreamReader } from '../fixtures/event-stream-reader.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/**
 * Longest time until a component uses Valkey again after an outage of seconds. The reader of a stream waits up to 30 s
 * longer after each failure (ai.backend.common.message_queue.redis_queue.consumer), and clients reconnect with pauses.
 */
const RECOVERY_SECONDS = 90;
/** The event that a dying consumer takes and never acknowledges. */
const TAKEN = 10;

/** Longest time until Valkey has written to its file. It writes once a second, with at most 2 s of delay. */
const DURABLE_MS = 15_000;

const KILLED: Disruption = { target: { component: 'valkey' }, kill: {} };
/** Its pod is replaced at another address. A process that is killed repeatedly would restart later each time. */
const REPLACED: Disruption = { target: { component: 'valkey' }, podDelete: {} };

describe('events when Valkey is restarted', function () {
  this.timeout(300_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'agent', 'storage-proxy']);
  const faults = useFaults();
  const recovery = { deadlineSeconds: RECOVERY_SECONDS, everyMs: 100, tolerate: () => true };
  useRecovery(world, { settledMs: LOOKED_AT_MS });
  let managers: OneManager[];
  let valkey: Redis;
  let stream: EventStreamReader;
  before('both managers answer at their own addresses', async () => {
    managers = (await eachManager(world())).each;
    stream = new EventStreamReader(world(), recovery);
    valkey = stream.valkey;
  });

  /** Start time of the current server, milliseconds since 1970. */
  const startedAt = async (): Promise<number> => {
    const uptime = /uptime_in_seconds:(\d+)/.exec(await valkey.info('server'))?.[1];
    return Date.now() - Number(uptime) * 1000;
  };
  const expectRestarted = async (receipt: Receipt): Promise<void> => {
    await stream.newest();
    // The uptime is in whole seconds, so up to one second may be missing.
    expect(await startedAt(), 'start of the server that answers').to.be.above(
      receipt.injectedAt.getTime() - 1_500,
    );
    measure('valkey-answers-again', (Date.now() - receipt.injectedAt.getTime()) / 1000, 's');
  };

  it('are not lost: an event that a consumer had taken is still pending, and another consumer claims it', async () => {
    const { afterTest } = world();
    const group = world().name('group');
    await valkey.xgroup('CREATE', EVENTS.stream, group, '$');
    afterTest.add(`group ${group}`, () => valkey.xgroup('DESTROY', EVENTS.stream, group));
    const dying = stream.connection();
    const taken: StreamEvent[] = [];
    await waitUntil(
      `${TAKEN} events`,
      async () => {
        taken.push(...(await readAsConsumer(dying, group, 'dying', TAKEN - taken.length)));
        return taken.length >= TAKEN ? undefined : notYet(`${taken.length} events`);
      },
      { deadlineSeconds: 90, everyMs: 1 },
    );
    // Valkey writes to its file once a second, or later on a busy disk. A write acknowledged before that may be lost.
    expect(await dying.call('WAITAOF', '1', '0', String(DURABLE_MS)), 'files that hold it').to.deep.equal([
      1, 0,
    ]);
    dying.disconnect();
    const ids = taken.map(({ id }) => id);
    const registered = (await registrations(world().valkey)).filter(
      ({ lastHeartbeat }) => Date.now() / 1000 - lastHeartbeat < RENEWAL_SECONDS,
    );
    await withFault(faults(), KILLED, afterTest, async (receipt) => {
      await expectRestarted(receipt);
      expect(await pendingBetween(valkey, group, '-', '+')).to.deep.equal(ids);
      const kept = (await registrations(world().valkey)).map(({ key }) => key);
      expect(kept, 'records of service discovery').to.include.members(registered.map(({ key }) => key));
      const living = stream.connection();
      const claimed = (await living.xautoclaim(EVENTS.stream, group, 'living', 0, '0-0', 'COUNT', 100)) as [
        string,
        [string, string[] | null][],
      ];
      expect(claimed[1].map(([id]) => id)).to.deep.equal(ids);
      await living.xack(EVENTS.stream, group, ...ids);
      expect(await pendingBetween(valkey, group, '-', '+')).to.deep.equal([]);
      const next = await waitUntil(
        'an event of after the restart, which the group was not given yet',
        async () => (await readAsConsumer(living, group, 'living', 1))[0] ?? notYet('none'),
        { deadlineSeconds: RECOVERY_SECONDS, everyMs: 1 },
      );
      expect(ids).not.to.include(next.id);
      expect(notBefore(next.id, ids.at(-1) ?? '')).to.equal(true);
    });
  });

  it('continue to flow: storage-proxy and agents send them, and each manager reads and handles them', async () => {
    const { afterTest, connection, database, user } = world();
    const folder = await new VFolderFixture(world()).make(afterTest);
    await withFault(faults(), REPLACED, afterTest, async (receipt) => {
      await expectRestarted(receipt);
      const since = receipt.injectedAt.getTime();
      const after = await stream.newest();
      await waitUntil(
        'the manager to take a request again',
        () => user.api.request({ method: 'DELETE', path: `/folders/${folder.id}/force`, timeoutMs: 10_000 }),
        recovery,
      );
      const reported = await stream.find(
        after,
        'the event of the storage-proxy that the folder is deleted',
        (event) => event.name.startsWith('vfolder_deletion') && event.payload.includes(folder.id),
      );
      expect(reported).to.include({ name: 'vfolder_deletion_success', source: 'storage' });
      await stream.dealtWith(reported);
      measure('event-after-restart-dealt-with', (Date.now() - since) / 1000, 's');
      await waitUntil(
        'the folder to be deleted in the database',
        async () => {
          const sql = 'SELECT status FROM vfolders WHERE id = $1';
          const rows = await database.rows<{ status: string }>(sql, [folder.id]);
          return rows.every(({ status }) => status === 'delete-complete') ? undefined : notYet(rows);
        },
        { deadlineSeconds: 20, everyMs: 50 },
      );

      for (const { id } of connection.agents) {
        const beat = await stream.find(
          after,
          `a heartbeat of ${id}`,
          (event) => event.name === 'agent_heartbeat' && event.source === id,
        );
        await stream.dealtWith(beat);
        await waitUntil(
          `${id} to be seen after the restart, and ALIVE`,
          async () => {
            const seen = (await world().valkey.agentsLastSeen())[id] ?? 0;
            const sql = 'SELECT status::text FROM agents WHERE id = $1';
            const [row] = await database.rows<{ status: string }>(sql, [id]);
            return seen * 1000 > since && row?.status === 'ALIVE' ? undefined : notYet({ seen, row });
          },
          recovery,
        );
        measure('agent-seen-after-restart', (Date.now() - since) / 1000, 's');
      }

      await stream.readBy(managers);
      measure('managers-read-again', (Date.now() - since) / 1000, 's');
    });
  });

  it('reach listeners from before the restart: each manager sends them events of a later session', async () => {
    const { afterTest, connection } = world();
    const listeners = await Promise.all(
      managers.map(async ({ host }) => {
        const url = `http://${host}:${new URL(connection.manager.url).port}`;
        const events = await SessionEvents.open(url, connection.accounts.user);
        afterTest.add('a listener', () => events.close());
        return events;
      }),
    );
    const [first] = managers;
    if (!first) throw new Error('no manager');
    const enqueue = async (): Promise<string> => {
      const starts_at = new Date(Date.now() + 3_600_000).toISOString();
      const session = world().smallSession({ type: 'batch', startupCommand: 'true', starts_at });
      return (await world().enqueue(session, afterTest, first.asUser)).sessionId;
    };
    const before = await enqueue();
    await Promise.all(listeners.map((one) => one.until(before, 'session_pending')));

    await withFault(faults(), KILLED, afterTest, async (receipt) => {
      await expectRestarted(receipt);
      // A subscription gets only later messages, so wait until it exists.
      const heard = await waitUntil(
        'each manager to send its listener events of a new session',
        async () => {
          const session = await enqueue();
          const reported = await Promise.allSettled(
            listeners.map((one) => one.until(session, 'session_pending', 5)),
          );
          return reported.every(({ status }) => status === 'fulfilled')
            ? session
            : notYet(reported.map(({ status }, index) => `${managers[index]?.id}: ${status}`));
        },
        recovery,
      );
      measure('listeners-told-again', (Date.now() - receipt.injectedAt.getTime()) / 1000, 's');
      await first.asUser.sessions.destroy(heard);
      await Promise.all(listeners.map((one) => one.until(heard, 'session_cancelled')));
    });
  });
});
