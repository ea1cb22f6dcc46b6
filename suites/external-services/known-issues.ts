import { expect } from 'chai';
import { EVENTS, readAsConsumer } from '../clients/data-stores/event-stream.ts';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

/** Observation time, seconds. Managers claim the entry after 300 s (RedisConsumerArgs), but it is gone long before. */
const WATCHED_SECONDS = 60;

/** What is right, and what Backend.AI 26.9.6 does wrong. These tests fail until Backend.AI is fixed. */
describe('known issues of events', () => {
  const world = useWorld(['manager', 'valkey']);

  // The stream keeps about 128 entries (_MAX_STREAM_LENGTH in
  // ai.backend.common.clients.valkey_client.valkey_stream.client), about ten seconds of an idle deployment. Another
  // consumer claims entries of a dead one only after five minutes (_DEFAULT_AUTOCLAIM_IDLE_TIMEOUT in
  // ai.backend.common.message_queue.redis_queue.consumer), when they are gone.
  it('an event delivered to a dead consumer stays pending until another consumer may claim it', async function () {
    this.timeout((WATCHED_SECONDS + 40) * 1000);
    const valkey = world().valkey.db(VALKEY_DB.stream);
    const reader = valkey.duplicate();
    world().afterTest.add('a connection to Valkey', async () => reader.disconnect());
    const group = world().name('group');
    await valkey.xgroup('CREATE', EVENTS.stream, group, '$');
    world().afterTest.add(`group ${group}`, () => valkey.xgroup('DESTROY', EVENTS.stream, group));
    const given = await waitUntil(
      'an event',
      async () => (await readAsConsumer(reader, group, 'dead', 1))[0] ?? notYet('nothing new'),
      { deadlineSeconds: 20, everyMs: 1 },
    );
    const until = performance.now() + WATCHED_SECONDS * 1000;
    while (performance.now() < until) {
      const kept = await valkey.xrange(EVENTS.stream, given.id, given.id);
      const ageSeconds = Math.round((Date.now() - Number(given.id.split('-')[0])) / 1000);
      expect(kept.length, `pending event ${given.id} in the stream after ${ageSeconds} s`).to.equal(1);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  });
});
