import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';
import { CONTAINER_LABELS } from '../clients/cluster/agent-observer.ts';
import { ContainerRegistry } from '../clients/cluster/registry.ts';
import { RESERVED_AND_HELD } from '../clients/data-stores/database.ts';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { S3Server } from '../clients/storage/s3-server.ts';
import { changeInWords, changesOf, isChanged } from '../fixtures/noted-changes.ts';
import type { World } from '../fixtures/world.ts';
import { type Holding, type Kind, rows } from './holding.ts';
import { keysOfIds } from './inventory-keys.ts';
import { PROXY } from './inventory-proxy.ts';
import { RIGHTS } from './inventory-rights.ts';

/**
 * Names that suites give (World.name and others) contain a random part: "e2e-folder-1a2b3c4d-2", "e2ecold1a2b3c4d". The
 * pattern requires boundaries, because Backend.AI's ids are long hexadecimal numbers that may contain e2e.
 */
const SUITE_NAME = /(?<![0-9a-z])e2e[a-z-]*[0-9a-f]{8}(?![0-9a-f])/;

/** Whether a suite of the run has created it: by its age, else by its name. */
export function isLeft(holding: Holding, since: Date): boolean {
  return holding.at ? holding.at >= since : SUITE_NAME.test(holding.name);
}

/** Everything that suites create and must remove. */
export const KINDS: readonly Kind[] = [
  {
    what: 'sessions that have not ended',
    find: rows(`SELECT name || ' ' || id || ' ' || status AS name, created_at AS at FROM sessions
      WHERE status NOT IN ('TERMINATED', 'CANCELLED', 'ERROR')`),
  },
  {
    what: 'kernels that have not ended',
    find: rows(`SELECT id || ' of ' || session_name || ' ' || status AS name, created_at AS at FROM kernels
      WHERE status NOT IN ('TERMINATED', 'CANCELLED', 'ERROR')`),
  },
  {
    what: 'resources that kernels hold',
    find: rows(`SELECT kernel_id || ' ' || slot_name AS name, created_at AS at FROM resource_allocations
      WHERE free_at IS NULL AND used IS NOT NULL`),
  },
  {
    what: 'slots of agents held for no kernel',
    find: rows(`SELECT agent_id || ' ' || slot_name || ': ' || (reserved - held) AS name, updated_at AS at
      FROM (${RESERVED_AND_HELD}) AS slots WHERE reserved > held`),
  },
  { what: 'containers of sessions', find: (world) => containers(world, (state) => state !== CREATED) },
  { what: 'scratch directories of kernels', find: scratches },
  { what: 'networks of agents', find: networks },
  { what: 'vfolders', find: rows(`SELECT name || ' ' || status AS name, created_at AS at FROM vfolders`) },
  { what: 'users', find: rows('SELECT email AS name, created_at AS at FROM users') },
  // The personal project of a purged user stays: suites/known-issues.
  {
    what: 'projects',
    find: rows(`SELECT name, created_at AS at FROM groups WHERE type::text <> 'personal'`),
  },
  { what: 'domains', find: rows('SELECT name, created_at AS at FROM domains') },
  {
    what: 'key pairs',
    find: rows(`SELECT 'of ' || u.email AS name, k.created_at AS at
      FROM keypairs k LEFT JOIN users u ON u.uuid = k."user"`),
  },
  {
    what: 'policies',
    find: rows(`SELECT name, created_at AS at FROM keypair_resource_policies
      UNION ALL SELECT name, created_at FROM user_resource_policies
      UNION ALL SELECT name, created_at FROM project_resource_policies`),
  },
  { what: 'scaling groups', find: rows('SELECT name, created_at AS at FROM scaling_groups') },
  {
    what: 'images',
    find: rows(`SELECT name, created_at AS at FROM images WHERE status = 'ALIVE'`),
  },
  { what: 'images of agents', find: agentImages },
  { what: 'images of the registry', find: registryImages },
  {
    what: 'model services',
    find: rows(`SELECT name || ' ' || lifecycle_stage AS name, created_at AS at FROM endpoints
      WHERE lifecycle_stage <> 'destroyed'`),
  },
  {
    what: 'replicas of model services',
    find: rows(`SELECT id || ' of ' || endpoint || ' ' || status AS name, created_at AS at FROM routings
      WHERE status::text NOT IN ('terminated', 'failed_to_start')`),
  },
  ...PROXY,
  ...RIGHTS,
  { what: 'agents that get no sessions', find: unusableAgents },
  { what: 'databases', find: rows('SELECT datname AS name, NULL AS at FROM pg_database') },
  { what: 'S3 objects', find: objects },
  { what: 'keys in etcd', find: async ({ etcd }) => Object.keys(await etcd.below('')).map(unaged) },
  { what: 'keys in Valkey', find: valkeyKeys },
  {
    what: 'keys in Valkey that never expire, of single things',
    find: (world) => keysOfIds(world, (db) => db !== VALKEY_DB.image),
  },
  { what: 'changes that suites noted', find: changes },
  // Kinds with known issues come last: the audit waits for what they find, and the others need the time.
  { what: 'containers that never started', find: (world) => containers(world, (state) => state === CREATED) },
  { what: 'keys in Valkey of images', find: (world) => keysOfIds(world, (db) => db === VALKEY_DB.image) },
];

function unaged(name: string): Holding {
  return { name, at: undefined };
}

/** What suites of this run noted, no Job of the operator undid, and is still so. */
async function changes(world: World): Promise<Holding[]> {
  const found: Holding[] = [];
  for (const change of changesOf(process.env[RUNNER_ENV.changes])) {
    if (await isChanged(world, change)) found.push({ name: changeInWords(change), at: new Date() });
  }
  return found;
}

/** State of a container that the engine has made and not started. */
const CREATED = 'created';

/** Containers are as old as their session. A container of an unknown session counts as new. */
async function containers(world: World, isWanted: (state: string) => boolean): Promise<Holding[]> {
  const each = await Promise.all(world.observers().map((observer) => observer.containers()));
  const wanted = each.flat().filter(({ state }) => isWanted(state));
  const ids = wanted.flatMap((container) => container.labels[CONTAINER_LABELS.session] ?? []);
  const sql = 'SELECT id, created_at AS at FROM sessions WHERE id::text = ANY($1)';
  return aged(ids, await world.database.rows(sql, [ids]));
}

async function scratches(world: World): Promise<Holding[]> {
  const ids = (await Promise.all(world.observers().map((observer) => observer.scratches()))).flat();
  const sql = 'SELECT id, created_at AS at FROM kernels WHERE id::text = ANY($1)';
  return aged(ids, await world.database.rows(sql, [ids]));
}

function aged(ids: readonly string[], known: readonly { id: string; at: Date }[]): Holding[] {
  const ages = new Map(known.map(({ id, at }) => [id, at]));
  return ids.map((id) => ({ name: id, at: ages.get(id) ?? new Date() }));
}

/** Agents of the deployment that are drained, or not ALIVE: suites must leave them as they were. */
async function unusableAgents({ connection, database }: World): Promise<Holding[]> {
  const ids = connection.agents.map(({ id }) => id);
  return database.rows(
    `SELECT id || ' ' || status || CASE WHEN schedulable THEN '' ELSE ', drained' END AS name, now() AS at
       FROM agents WHERE id = ANY($1) AND (NOT schedulable OR status <> 'ALIVE')`,
    [ids],
  );
}

/** Networks that every container engine makes, also when it starts again. */
const OF_ENGINE: readonly string[] = ['bridge', 'host', 'none'];

async function networks(world: World): Promise<Holding[]> {
  const each = world
    .observers()
    .map(async (observer) =>
      (await observer.networks())
        .filter(({ name }) => !OF_ENGINE.includes(name))
        .map(({ name, created }) => ({ name: `${name} on ${observer.agent}`, at: new Date(created) })),
    );
  return (await Promise.all(each)).flat();
}

async function agentImages(world: World): Promise<Holding[]> {
  const each = await Promise.all(
    world
      .observers()
      .map(async (observer) =>
        (await observer.images()).flatMap((image) => image.tags.map((tag) => `${tag} on ${observer.agent}`)),
      ),
  );
  return each.flat().map(unaged);
}

async function registryImages({ connection }: World): Promise<Holding[]> {
  return (await new ContainerRegistry(connection.registry).tags()).map(unaged);
}

async function objects({ connection }: World): Promise<Holding[]> {
  return (await new S3Server(connection.s3).objects()).map(({ key, at }) => ({ name: key, at }));
}

async function valkeyKeys({ valkey }: World): Promise<Holding[]> {
  const found: Holding[] = [];
  for (const [name, db] of Object.entries(VALKEY_DB)) {
    const client = valkey.db(db);
    let cursor = '0';
    do {
      const [next, keys] = await client.scan(cursor, 'COUNT', 1_000);
      found.push(...keys.map((key) => unaged(`${name}: ${key}`)));
      cursor = next;
    } while (cursor !== '0');
  }
  return found;
}
