import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { eachManager, type OneManager } from '../support/discovery.ts';
import {
  consumers,
  EVENTS,
  lastDelivered,
  notBefore,
  pendingBetween,
  readAfter,
  readAsConsumer,
  type StreamEvent,
} from '../support/event-stream.ts';
import { FolderCare } from '../support/folder-care.ts';
import { measure } from '../support/record.ts';
import { SessionEvents } from '../support/server-events.ts';
import { VALKEY_DB } from '../support/valkey.ts';
import { notYet, waitUntil } from '../support/waiting.ts';
import { useWorld } from '../support/world.ts';

describe('events through Valkey', function () {
  this.timeout(120_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'agent', 'storage-proxy']);
  let managers: OneManager[];
  let valkey: Redis;
  before('both managers answer by themselves', async () => {
    managers = (await eachManager(world())).each;
    valkey = world().valkey.db(VALKEY_DB.stream);
  });

  /** A connection of its own: one that waits for entries serves nobody else. */
  const ownConnection = (): Redis => {
    const own = valkey.duplicate();
    own.on('error', () => undefined);
    world().afterTest.add('a connection to Valkey', async () => own.disconnect());
    return own;
  };
  const newest = async (): Promise<string> =>
    (await valkey.xrevrange(EVENTS.stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
  /** Reads the stream until one entry is what is looked for. */
  const find = async (
    after: string,
    what: string,
    wanted: (event: StreamEvent) => boolean,
    deadlineSeconds = 40,
  ): Promise<StreamEvent> => {
    const own = ownConnection();
    let last = after;
    return waitUntil(
      what,
      async () => {
        const read = await readAfter(own, last);
        last = read.at(-1)?.id ?? last;
        return read.find(wanted) ?? notYet(`nothing in ${read.length} events up to ${last}`);
      },
      { deadlineSeconds, everyMs: 1 },
    );
  };
  /** Waits until the managers were given an event and acknowledged it. */
  const dealtWith = (event: StreamEvent): Promise<void> =>
    waitUntil(
      `a manager to deal with ${event.name} ${event.id}`,
      async () => {
        const last = await lastDelivered(valkey, EVENTS.group);
        const pending = await pendingBetween(valkey, EVENTS.group, event.id, event.id);
        return notBefore(last, event.id) && pending.length === 0 ? undefined : notYet({ last, pending });
      },
      { deadlineSeconds: 20, everyMs: 50 },
    );

  it('are read by each manager as one consumer of their group', async () => {
    // A consumer is called after its node: ai.backend.common.message_queue.redis_queue.consumer._generate_consumer_id.
    const hash = (node: string): string => createHash('sha256').update(node).digest('hex');
    await waitUntil(
      'each manager to have asked for events within the last 12 s',
      async () => {
        const all = await consumers(valkey, EVENTS.group);
        const alive = managers.map((manager) =>
          all.filter((one) => one.name.startsWith(`${hash(manager.id)}:`) && one.idle < 12_000),
        );
        return alive.every((found) => found.length === 1) ? undefined : notYet({ all, managers: alive });
      },
      { deadlineSeconds: 20 },
    );
  });

  it('carry the heartbeat of each agent to a manager, which notes when the agent was last seen', async () => {
    const since = await newest();
    for (const agent of world().connection.agents) {
      const beat = await find(
        since,
        `a heartbeat of ${agent.id}`,
        (event) => event.name === 'agent_heartbeat' && event.source === agent.id,
      );
      await dealtWith(beat);
      const sent = Number(beat.id.split('-')[0]) / 1000;
      await waitUntil(
        `${agent.id} to be seen after its heartbeat`,
        async () => {
          const seen = (await world().valkey.agentsLastSeen())[agent.id] ?? 0;
          return seen >= sent - 1 ? undefined : notYet({ seen, sent });
        },
        { deadlineSeconds: 20, everyMs: 100 },
      );
      const [row] = await world().database.rows<{ status: string }>(
        'SELECT status::text FROM agents WHERE id = $1',
        [agent.id],
      );
      expect(row?.status).to.equal('ALIVE');
    }
  });

  it('carry what the storage-proxy has done to a manager, once: the vfolder is deleted', async () => {
    const folders = new FolderCare(world());
    const folder = await folders.make(world().afterTest);
    const since = await newest();
    await world().user.api.request({ method: 'DELETE', path: `/folders/${folder.id}/force` });
    const told = await find(
      since,
      'the storage-proxy to tell that the folder is deleted',
      (event) => event.name.startsWith('vfolder_deletion') && event.payload.includes(folder.id),
    );
    expect(told).to.include({ name: 'vfolder_deletion_success', source: 'storage', retries: 0 });
    await dealtWith(told);
    const status = await waitUntil(
      'the folder to be deleted in the database',
      async () => {
        const rows = await world().database.rows<{ status: string }>(
          'SELECT status FROM vfolders WHERE id = $1',
          [folder.id],
        );
        return rows[0]?.status === 'delete-complete' ? rows[0].status : notYet(rows);
      },
      { deadlineSeconds: 10, everyMs: 50 },
    );
    expect(status).to.equal('delete-complete');
    const again = (await valkey.xrange(EVENTS.stream, told.id, '+')).filter(
      ([id, fields]) =>
        id !== told.id && fields.some((field) => field.includes(folder.id) && field.includes('vfid')),
    );
    expect(again).to.deep.equal([]);
  });

  it('are told by every manager to its listeners, whichever manager they happened at, in their order', async () => {
    const { connection, afterTest } = world();
    const name = world().name('heard');
    const [first] = managers;
    if (!first) throw new Error('no manager');
    const listeners = await Promise.all(
      managers.map(async (manager) => {
        const url = `http://${manager.host}:${new URL(connection.manager.url).port}`;
        const events = await SessionEvents.open(url, connection.accounts.user);
        afterTest.add('a listener', () => events.close());
        return events;
      }),
    );
    const broadcast: string[] = [];
    const subscriber = ownConnection();
    subscriber.on('message', (_channel: string, message: string) => broadcast.push(message));
    await subscriber.subscribe(EVENTS.channel);
    const since = performance.now();
    const starts = new Date(Date.now() + 3_600_000).toISOString();
    const { sessionId } = await world().enqueue(
      world().smallSession({ name, type: 'batch', startupCommand: 'true', starts_at: starts }),
      afterTest,
      first.asUser,
    );
    await Promise.all(listeners.map((one) => one.until(sessionId, 'session_pending')));
    measure('event-to-listener', (performance.now() - since) / 1000, 's');
    await first.asUser.sessions.destroy(sessionId);
    const heard = await Promise.all(listeners.map((one) => one.until(sessionId, 'session_cancelled')));
    for (const events of heard) {
      const names = events.map((event) => event.name);
      expect(
        names.filter((one) => one === 'session_pending'),
        names.join(),
      ).to.have.length(1);
      expect(
        names.filter((one) => one === 'session_cancelled'),
        names.join(),
      ).to.have.length(1);
      expect(names.indexOf('session_pending')).to.be.below(names.indexOf('session_cancelled'));
      for (const event of events) expect(event.data.sessionName).to.equal(name);
    }
    expect(
      broadcast.some((message) => message.includes(sessionId)),
      'seen by a subscriber in Valkey',
    ).to.equal(true);
    expect((await world().database.session(sessionId))?.status).to.equal('CANCELLED');
  });

  it('reach another group too: each once, in order, and none is lost when a consumer dies', async () => {
    const group = world().name('group');
    await valkey.xgroup('CREATE', EVENTS.stream, group, '$');
    world().afterTest.add(`group ${group}`, () => valkey.xgroup('DESTROY', EVENTS.stream, group));
    const start = await lastDelivered(valkey, group);
    const [dying, living] = [ownConnection(), ownConnection()];
    const taken: StreamEvent[] = [];
    const kept: StreamEvent[] = [];
    await waitUntil(
      'forty events',
      async () => {
        const [one, other] = await Promise.all([
          readAsConsumer(dying, group, 'dying', 3),
          readAsConsumer(living, group, 'living', 3),
        ]);
        taken.push(...one);
        kept.push(...other);
        if (other.length > 0) await living.xack(EVENTS.stream, group, ...other.map((event) => event.id));
        return taken.length > 0 && taken.length + kept.length >= 40
          ? undefined
          : notYet({ taken: taken.length, kept: kept.length });
      },
      { deadlineSeconds: 60, everyMs: 1 },
    );
    dying.disconnect();
    const last = [...taken, ...kept].map((event) => event.id).reduce((a, b) => (notBefore(a, b) ? a : b));
    const there = (await valkey.xrange(EVENTS.stream, `(${start}`, last)).map(([id]) => id);
    const claimed = (await living.xautoclaim(EVENTS.stream, group, 'living', 0, '0-0', 'COUNT', 200)) as [
      string,
      [string, string[] | null][],
    ];
    const rescued = claimed[1].map(([id]) => id);
    expect(rescued, 'what the dead consumer had').to.deep.equal(
      taken.map((event) => event.id).filter((id) => there.includes(id)),
    );
    const got = [...kept.map((event) => event.id), ...rescued];
    expect(new Set(got).size, 'no event twice').to.equal(got.length);
    expect([...got].sort()).to.include.members(there);
    for (const part of [taken, kept]) {
      const ids = part.map((event) => event.id);
      expect(ids.every((id, index) => index === 0 || notBefore(id, ids[index - 1] ?? ''))).to.equal(true);
    }
    for (const event of kept.slice(0, 5)) await dealtWith(event);
  });
});
