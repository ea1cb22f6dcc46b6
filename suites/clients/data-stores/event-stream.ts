import type { Redis } from 'ioredis';

/** Stream of events for exactly one consumer, and the group of the managers (ai.backend.manager.defs). */
export const EVENTS = { stream: 'events', group: 'manager', channel: 'events_all' } as const;

/** An entry of the stream. */
export interface StreamEvent {
  id: string;
  name: string;
  source: string;
  payload: string;
  /** How often it was delivered again because it was not acknowledged. */
  retries: number;
}

/** A consumer of the managers' group, as Valkey lists it. pending: entries without its acknowledgement. */
export interface Consumer {
  name: string;
  pending: number;
  /** Milliseconds since its last read. */
  idle: number;
}

type Entry = [id: string, fields: string[]];

/** The entry of a stream as Backend.AI writes it (ai.backend.common.message_queue.payload). */
function streamEvent([id, fields]: Entry): StreamEvent {
  const field = pairs(fields);
  return {
    id,
    name: field.name ?? '',
    source: field.source ?? '',
    payload: field.payload ?? '',
    retries: Number(field._retry_count ?? 0),
  };
}

/** Entries after an id, at most 500, waiting up to a second for the first one. */
export async function readAfter(client: Redis, id: string): Promise<StreamEvent[]> {
  const answer = await client.xread('COUNT', 500, 'BLOCK', 1_000, 'STREAMS', EVENTS.stream, id);
  return (answer ?? []).flatMap(([, entries]) => entries.map(streamEvent));
}

/** New entries for a consumer of a group, at most `count`, waiting up to a second. */
export async function readAsConsumer(
  client: Redis,
  group: string,
  consumer: string,
  count: number,
): Promise<StreamEvent[]> {
  const answer = (await client.xreadgroup(
    'GROUP',
    group,
    consumer,
    'COUNT',
    count,
    'BLOCK',
    1_000,
    'STREAMS',
    EVENTS.stream,
    '>',
  )) as [string, Entry[]][] | null;
  return (answer ?? []).flatMap(([, entries]) => entries.map(streamEvent));
}

/** The consumers of a group, with the events that each has not acknowledged and the milliseconds since its last call. */
export async function consumers(client: Redis, group: string): Promise<Consumer[]> {
  const answer = (await client.xinfo('CONSUMERS', EVENTS.stream, group)) as (string | number)[][];
  return answer.map((fields) => {
    const field = pairs(fields.map(String));
    return { name: field.name ?? '', pending: Number(field.pending), idle: Number(field.idle) };
  });
}

/** Ids in a range that were delivered to a consumer of the group and not acknowledged. */
export async function pendingBetween(
  client: Redis,
  group: string,
  from: string,
  to: string,
): Promise<string[]> {
  const answer = (await client.xpending(EVENTS.stream, group, from, to, 1_000)) as [string][];
  return answer.map(([id]) => id);
}

/** The last id that was delivered to a group. */
export async function lastDelivered(client: Redis, group: string): Promise<string> {
  const answer = (await client.xinfo('GROUPS', EVENTS.stream)) as (string | number)[][];
  const found = answer.map((fields) => pairs(fields.map(String))).find((field) => field.name === group);
  if (!found) throw new Error(`stream ${EVENTS.stream} has no group ${group}`);
  return found['last-delivered-id'] ?? '0-0';
}

/** Whether an id is equal to or later than another. */
export function notBefore(id: string, other: string): boolean {
  const [ms = 0, count = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherCount = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && count >= otherCount);
}

function pairs(fields: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) found[fields[at] ?? ''] = fields[at + 1] ?? '';
  return found;
}
