import { inRange } from '@backendai-e2e/api/release';
import type { World } from '../fixtures/world.ts';

/** Something in the environment. at: its time of creation, or undefined when it has none. */
export interface Holding {
  name: string;
  at: Date | undefined;
}

/** A kind of things, and how to find them all. */
export interface Kind {
  /** In the plural, as in "no … are left". */
  what: string;
  find(world: World): Promise<Holding[]>;
}

/** Finds the rows of a statement with the columns `name` and `at` in the manager's database. */
export function rows(sql: string): Kind['find'] {
  return ({ database }) => database.rows<Holding>(sql);
}

/** Releases that are known to have every column of the audit. */
const WHOLE = { since: '26.9.6' };

/**
 * As {@link rows}, in releases that have these columns. Finds nothing in earlier ones, and prints that.
 * @throws Error where a later release lacks one: the audit must not pass unseen
 * @param columns as "table.column"
 */
export function rowsOf(columns: readonly string[], sql: string): Kind['find'] {
  return async ({ database, connection }) => {
    const known = await database.rows<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name || '.' || column_name = ANY($1)`,
      [columns],
    );
    const missing = columns.filter((column) => !known.some(({ name }) => name === column));
    if (missing.length === 0) return database.rows<Holding>(sql);
    if (inRange(connection.version, WHOLE))
      throw new Error(`the database has no ${missing.join(', ')}: find out where this release keeps it`);
    console.log(`  this release has no ${missing.join(', ')}`);
    return [];
  };
}
