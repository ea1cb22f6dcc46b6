import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { notYet, type WaitOptions, waitUntil } from '../evidence/waiting.ts';
import type { World } from '../fixtures/world.ts';
import type { OneManager } from './discovery.ts';
import {
  type Consumer,
  consumers,
  EVENTS,
  lastDelivered,
  notBefore,
  pendingBetween,
  readAfter,
  type StreamEvent,
} from './event-stream.ts';
import { VALKEY_DB } from './valkey.ts';

/** A reader of a manager's group that has not asked for so long has stopped; it asks every 5 s, milliseconds. */
const ASKED_MS = 12_000;

/** Looks at Backend.AI's stream of events beside its readers. */
export class StreamReader {
  readonly valkey: Redis;
  readonly #world: World;
  readonly #patience: Partial<WaitOptions>;

  /** @param patience for Valkey and its readers that may be away for a while; else they are there at once */
  constructor(world: World, patience: Partial<WaitOptions> = {}) {
    this.#world = world;
    this.valkey = world.valkey.db(VALKEY_DB.stream);
    this.#patience = patience;
  }

  /** A connection of its own, until the test ends: one that waits for entries serves nobody else. */
  connection(): Redis {
    const own = this.valkey.duplicate();
    own.on('error', () => undefined);
    this.#world.afterTest.add('a connection to Valkey', async () => own.disconnect());
    return own;
  }

  /** Id of the newest event, as soon as Valkey answers. */
  newest(): Promise<string> {
    return waitUntil(
      'Valkey to answer',
      async () => (await this.valkey.xrevrange(EVENTS.stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0',
      { deadlineSeconds: 10, ...this.#patience },
    );
  }

  /** The first event after an id that is what is looked for. */
  async find(after: string, what: string, wanted: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    const own = this.connection();
    let last = after;
    return waitUntil(
      what,
      async () => {
        const read = await readAfter(own, last);
        last = read.at(-1)?.id ?? last;
        return read.find(wanted) ?? notYet(`nothing in ${read.length} events up to ${last}`);
      },
      { deadlineSeconds: 40, ...this.#patience, everyMs: 1 },
    );
  }

  /** Waits until the managers were given an event and acknowledged it. */
  dealtWith(event: StreamEvent): Promise<void> {
    return waitUntil(
      `a manager to deal with ${event.name} ${event.id}`,
      async () => {
        const last = await lastDelivered(this.valkey, EVENTS.group);
        const pending = await pendingBetween(this.valkey, EVENTS.group, event.id, event.id);
        return notBefore(last, event.id) && pending.length === 0 ? undefined : notYet({ last, pending });
      },
      { deadlineSeconds: 20, everyMs: 50, ...this.#patience },
    );
  }

  /** Waits until each manager has asked for events within the last 12 s, as one consumer of their group. */
  readBy(managers: readonly OneManager[]): Promise<void> {
    return waitUntil(
      'each manager to have asked for events within the last 12 s',
      async () => {
        const all = await consumers(this.valkey, EVENTS.group);
        const asking = managers.map((manager) => consumersOf(manager, all));
        return asking.every((found) => found.length === 1)
          ? undefined
          : notYet({ all, managers: managers.map(({ id }) => id) });
      },
      { deadlineSeconds: 20, ...this.#patience },
    );
  }
}

/** A consumer is called after its node: ai.backend.common.message_queue.redis_queue.consumer._generate_consumer_id. */
function consumersOf({ id }: OneManager, all: readonly Consumer[]): Consumer[] {
  const hash = createHash('sha256').update(id).digest('hex');
  return all.filter(({ name, idle }) => name.startsWith(`${hash}:`) && idle < ASKED_MS);
}
