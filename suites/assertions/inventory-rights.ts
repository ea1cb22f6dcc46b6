import { type Kind, rowsOf } from './holding.ts';

/** Types of entities, and the table and column with their ids (ai.backend.common.data.entity). */
const TABLES = [
  ['vfolder', 'vfolders', 'id'],
  ['user', 'users', 'uuid'],
  ['project', 'groups', 'id'],
  ['domain', 'domains', 'id'],
  ['session', 'sessions', 'id'],
] as const;

/** An expression that is true when an entity does not exist. Other types of entities count as existing. */
function isGone(type: string, id: string): string {
  const cases = TABLES.map(
    ([name, table, column]) =>
      `WHEN '${name}' THEN NOT EXISTS (SELECT FROM ${table} WHERE ${column} = ${id})`,
  );
  return `CASE ${type} ${cases.join(' ')} ELSE false END`;
}

/** Rights to things that no longer exist. A purge must remove them: otherwise they hold for the next thing with that id. */
export const RIGHTS: readonly Kind[] = [
  {
    what: 'nodes of rights for things that are gone',
    find: rowsOf(
      ['virtual_entities.entity_type', 'virtual_entities.entity_id', 'virtual_entities.created_at'],
      `SELECT v.entity_type || ' ' || v.entity_id AS name, v.created_at AS at FROM virtual_entities v
        WHERE ${isGone('v.entity_type', 'v.entity_id')}`,
    ),
  },
  {
    what: 'roles of things that are gone',
    find: rowsOf(
      ['roles.scope_type', 'roles.scope_id', 'roles.created_at'],
      `SELECT r.name || ' of ' || r.scope_type || ' ' || r.scope_id AS name, r.created_at AS at FROM roles r
        WHERE ${isGone('r.scope_type', 'r.scope_id')}`,
    ),
  },
  {
    what: 'shares and invitations',
    find: rowsOf(
      ['entity_shares.target_entity_type', 'entity_shares.status', 'entity_shares.created_at'],
      `SELECT target_entity_type || ' ' || target_entity_id || ' ' || status AS name, created_at AS at
         FROM entity_shares WHERE status IN ('pending', 'accepted')`,
    ),
  },
];
