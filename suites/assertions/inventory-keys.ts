import type { Redis } from 'ioredis';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import type { World } from '../fixtures/world.ts';
import type { Holding } from './holding.ts';

/** An id in a key: a UUID, or its 32 digits, with nothing of a longer number beside it. */
const ID = /(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])/g;
/** Valkey's answer for a key that does not expire. */
const FOREVER = -1;

/** A key of Valkey that has an id in its name. */
export interface KeyOfId {
  name: string;
  ids: string[];
  /** Milliseconds until it expires; -1: never. */
  expiresMs: number;
  /** Seconds since it was last read or written. */
  idleSeconds: number;
}

/** Ids in a key, as UUIDs. Pure. */
export function idsIn(key: string): string[] {
  return [...key.matchAll(ID)].map(([id]) =>
    id.replaceAll('-', '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  );
}

/**
 * The keys that stay for good although they belong to one thing. Such a key is as old as that thing. If no table knows the id,
 * the key is as old as its last use. Keys that expire are no leak. Pure.
 * @param ages time of creation by id
 */
export function lastingKeys(keys: readonly KeyOfId[], ages: ReadonlyMap<string, Date>, now: Date): Holding[] {
  return keys
    .filter(({ expiresMs }) => expiresMs === FOREVER)
    .map(({ name, ids, idleSeconds }) => ({
      name,
      at:
        ids.map((id) => ages.get(id)).find((at) => at !== undefined) ??
        new Date(now.getTime() - idleSeconds * 1000),
    }));
}

/**
 * Keys of Valkey that never expire and have the id of one thing in their names.
 * @param isWanted whether to look at a database, one of {@link VALKEY_DB}
 */
export async function keysOfIds(
  { valkey, database }: World,
  isWanted: (db: number) => boolean,
): Promise<Holding[]> {
  const found: KeyOfId[] = [];
  const looked = Object.entries(VALKEY_DB).filter(([, db]) => isWanted(db));
  for (const [name, db] of looked) found.push(...(await readKeys(valkey.db(db), name)));
  const ids = [...new Set(found.flatMap((key) => key.ids))];
  const known = await database.rows<{ id: string; at: Date }>(
    `SELECT id::text, created_at AS at FROM sessions WHERE id::text = ANY($1)
      UNION ALL SELECT id::text, created_at FROM kernels WHERE id::text = ANY($1)
      UNION ALL SELECT id::text, created_at FROM vfolders WHERE id::text = ANY($1)
      UNION ALL SELECT uuid::text, created_at FROM users WHERE uuid::text = ANY($1)
      UNION ALL SELECT id::text, created_at FROM endpoints WHERE id::text = ANY($1)
      UNION ALL SELECT id::text, created_at FROM images WHERE id::text = ANY($1)`,
    [ids],
  );
  return lastingKeys(found, new Map(known.map(({ id, at }) => [id, at])), new Date());
}

async function readKeys(client: Redis, database: string): Promise<KeyOfId[]> {
  const found: KeyOfId[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'COUNT', 1_000);
    cursor = next;
    for (const key of keys) {
      const ids = idsIn(key);
      if (ids.length === 0) continue;
      const [expiresMs, idle] = await Promise.all([client.pttl(key), client.object('IDLETIME', key)]);
      found.push({ name: `${database}: ${key}`, ids, expiresMs, idleSeconds: Number(idle ?? 0) });
    }
  } while (cursor !== '0');
  return found;
}
