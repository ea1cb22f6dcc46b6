import { expect } from 'chai';
import type { Redis } from 'ioredis';
import {
  EVENTS,
  lastDelivered,
  notBefore,
  pendingBetween,
  readAsConsumer,
  type StreamEvent,
} from '../clients/data-stores/event-stream.ts';
import { readMetric } from '../clients/http/metrics.ts';
import { eachManager, type OneManager } from '../clients/manager/discovery.ts';
import { SessionEvents } from '../clients/manager/server-events.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { EventStreamReader } from '../fixtures/event-stream-reader.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/** Idle time after which a manager may claim an event, milliseconds (ai.backend.common.message_queue.redis_queue.consumer). */
const CLAIMED_MS = 310_000;
/** Longest time until a manager claims it: it looks every 60 s. */
const CLAIM_SECONDS = 80;

describe('events through Valkey', function () {
  this.timeout(150_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'agent', 'storage-proxy']);
  let managers: OneManager[];
  let valkey: Redis;
  let stream: EventStreamReader;
  before('both managers answer at their own addresses', async () => {
    managers = (await eachManager(world())).each;
    stream = new EventStreamReader(world());
    valkey = stream.valkey;
  });

  it('are read by each manager as one consumer of their group', async () => {
    await stream.readBy(managers);
  });

  it('carry the heartbeat of each agent to a manager, which notes when the agent was last seen', async () => {
    const since = await stream.newest();
    for (const agent of world().connection.agents) {
      const beat = await stream.find(
        since,
        `a heartbeat of ${agent.id}`,
        (event) => event.name === 'agent_heartbeat' && event.source === agent.id,
      );
      await stream.dealtWith(beat);
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

  it('carry the deletion of a vfolder from the storage-proxy to a manager exactly once', async () => {
    const folders = new VFolderFixture(world());
    const folder = await folders.make(world().afterTest);
    const counted = await handled();
    const since = await stream.newest();
    await world().user.api.request({ method: 'DELETE', path: `/folders/${folder.id}/force` });
    const reported = await stream.find(
      since,
      'the event of the storage-proxy that the folder is deleted',
      (event) => event.name.startsWith('vfolder_deletion') && event.payload.includes(folder.id),
    );
    expect(reported).to.include({ name: 'vfolder_deletion_success', source: 'storage', retries: 0 });
    await stream.dealtWith(reported);
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
    const again = (await valkey.xrange(EVENTS.stream, reported.id, '+')).filter(
      ([id, fields]) =>
        id !== reported.id && fields.some((field) => field.includes(folder.id) && field.includes('vfid')),
    );
    expect(again).to.deep.equal([]);
    // Other suites may delete folders meanwhile, so all such events in the stream count.
    const all = (await valkey.xrange(EVENTS.stream, `(${since}`, '+')).filter(([, fields]) =>
      fields.includes(reported.name),
    );
    await waitUntil(
      'the managers to count the event',
      async () => ((await handled()) > counted ? undefined : notYet(counted)),
      { deadlineSeconds: 10, everyMs: 100 },
    );
    expect((await handled()) - counted, 'how often managers handled it, by their metrics').to.equal(
      all.length,
    );
  });

  /** How often the managers together have handled the deletion of a vfolder, by their own metrics. */
  const handled = async (): Promise<number> => {
    const counts = await Promise.all(
      managers.map(async ({ host }) =>
        (await readMetric(`http://${host}:18080`, 'backendai_event_count_total'))
          .filter(({ labels }) => labels.event_type === 'vfolder_deletion_success')
          .reduce((sum, { value }) => sum + value, 0),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };

  it('of a consumer that died are claimed by a manager, which deals with them', async () => {
    const dead = world().name('dead');
    const beat = (await valkey.xrevrange(EVENTS.stream, '+', '-', 'COUNT', 500)).find(([, fields]) =>
      fields.includes('agent_heartbeat'),
    );
    if (!beat) throw new Inconclusive('the stream has no heartbeat to leave behind');
    const [id] = beat;
    world().afterTest.add(`consumer ${dead}`, async () => {
      await valkey.xack(EVENTS.stream, EVENTS.group, id);
      await valkey.xgroup('DELCONSUMER', EVENTS.stream, EVENTS.group, dead);
    });
    // As after the death of a consumer that had read the event: delivered to it, and not acknowledged.
    await valkey.xclaim(EVENTS.stream, EVENTS.group, dead, 0, id, 'IDLE', CLAIMED_MS, 'FORCE');
    expect(await pendingBetween(valkey, EVENTS.group, id, id), 'left behind').to.deep.equal([id]);
    const since = performance.now();
    await waitUntil(
      `a manager to claim event ${id} of the dead consumer`,
      async () => {
        const pending = await pendingBetween(valkey, EVENTS.group, id, id);
        return pending.length === 0 ? undefined : notYet(pending);
      },
      { deadlineSeconds: CLAIM_SECONDS, everyMs: 500 },
    );
    measure('dead-consumers-event-claimed', (performance.now() - since) / 1000, 's');
  });

  it('reach the listeners of every manager in order, whichever manager caused them', async () => {
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
    const subscriber = stream.connection();
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

  it('reach another consumer group: each once, in order, and none is lost when a consumer dies', async () => {
    const group = world().name('group');
    await valkey.xgroup('CREATE', EVENTS.stream, group, '$');
    world().afterTest.add(`group ${group}`, () => valkey.xgroup('DESTROY', EVENTS.stream, group));
    const start = await lastDelivered(valkey, group);
    const [dying, living] = [stream.connection(), stream.connection()];
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
    for (const event of kept.slice(0, 5)) await stream.dealtWith(event);
  });
});
