import type { Database } from './database.ts';

/** What a database is made of, each as one sorted list of lines that two databases can be compared by. */
export interface Schema {
  /** "table.column type", "not null" where that holds. */
  columns: string[];
  /** "table kind definition"; names of indexes and constraints are left out. */
  constraints: string[];
  indexes: string[];
  /** "type: value, value" */
  enums: string[];
}

/** Alembic's own table: it says at which revision the database is. */
export const REVISION_TABLE = 'alembic_version';

const COLUMNS = `SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END AS line
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`;
const CONSTRAINTS = `SELECT conrelid::regclass || ' ' || contype::text || ' ' || pg_get_constraintdef(oid) AS line
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f', 'c')`;
// A list of values in a condition is written with other casts when it was parsed from the catalog's own text.
const INDEXES = `SELECT tablename || ' ' || regexp_replace(regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON'),
    '::(text|character varying)(\\[\\])?|[()]', '', 'g') AS line
  FROM pg_indexes WHERE schemaname = 'public'`;
const ENUMS = `SELECT t.typname || ': ' || string_agg(e.enumlabel, ', ' ORDER BY e.enumlabel) AS line
  FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid GROUP BY t.typname`;

/** What a migrated database has that one made anew has not, and the other way round: a line each. */
export async function driftOf(migrated: Database, made: Database): Promise<string[]> {
  const [old, fresh] = [await readSchema(migrated), await readSchema(made)];
  return (['columns', 'constraints', 'indexes', 'enums'] as const).flatMap((kind) =>
    differences({ name: 'migrated', lines: old[kind] }, { name: 'new', lines: fresh[kind] }),
  );
}

/** Lines that only one of two sides has, each with the name of its side in front. */
export function differences(
  one: { name: string; lines: readonly string[] },
  other: { name: string; lines: readonly string[] },
): string[] {
  const [here, there] = [new Set(one.lines), new Set(other.lines)];
  return [
    ...one.lines.filter((line) => !there.has(line)).map((line) => `${one.name}: ${line}`),
    ...other.lines.filter((line) => !here.has(line)).map((line) => `${other.name}: ${line}`),
  ];
}

/** Tables by name, their columns by name, each with whether it may be null. */
export type Tables = Record<string, Record<string, boolean>>;

/** One line a column, "users.email not null", and one a table. */
export function tableLines(tables: Tables): string[] {
  return Object.entries(tables).flatMap(([table, columns]) => [
    `table ${table}`,
    ...Object.entries(columns).map(
      ([name, nullable]) => `${table}.${name} ${nullable ? 'null' : 'not null'}`,
    ),
  ]);
}

/** Looks up what a database is made of, alembic's own table left out. */
export async function readSchema(database: Database): Promise<Schema> {
  const lines = async (sql: string): Promise<string[]> =>
    (await database.rows<{ line: string }>(sql))
      .map(({ line }) => line)
      .filter((line) => !line.startsWith(REVISION_TABLE))
      .sort();
  return {
    columns: await lines(COLUMNS),
    constraints: await lines(CONSTRAINTS),
    indexes: await lines(INDEXES),
    enums: await lines(ENUMS),
  };
}

/** information_schema's side of what models name. */
export async function readTables(database: Database): Promise<Tables> {
  const rows = await database.rows<{ table_name: string; column_name: string; is_nullable: string }>(
    `SELECT table_name, column_name, is_nullable FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name <> '${REVISION_TABLE}'`,
  );
  const tables: Tables = {};
  for (const row of rows) {
    tables[row.table_name] = { ...tables[row.table_name], [row.column_name]: row.is_nullable === 'YES' };
  }
  return tables;
}

/** The revisions that the database is at; none: it has not been touched by migrations. */
export async function readRevisions(database: Database): Promise<string[]> {
  const [known] = await database.rows<{ there: string | null }>('SELECT to_regclass($1)::text AS there', [
    REVISION_TABLE,
  ]);
  if (!known?.there) return [];
  const rows = await database.rows<{ version_num: string }>(`SELECT version_num FROM ${REVISION_TABLE}`);
  return rows.map((row) => row.version_num);
}

/** A row as PostgreSQL's to_jsonb gives it. */
export type Row = Record<string, unknown>;

/** All rows of all tables, by table and then by primary key (as JSON). Tables without rows are left out. */
export type Content = Record<string, Record<string, Row>>;

/** Reads every row of a small database. */
export async function readContent(database: Database): Promise<Content> {
  const keys = await database.rows<{ table: string; columns: string[] }>(
    `SELECT c.conrelid::regclass::text AS table, array_agg(a.attname::text ORDER BY a.attname) AS columns
       FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
      WHERE c.contype = 'p' AND c.connamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 1`,
  );
  const content: Content = {};
  for (const { table, columns } of keys) {
    if (table === REVISION_TABLE) continue;
    const rows = await database.rows<{ row: Row }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
    if (rows.length === 0) continue;
    content[table] = Object.fromEntries(
      rows.map(({ row }) => [JSON.stringify(Object.fromEntries(columns.map((c) => [c, row[c]]))), row]),
    );
  }
  return content;
}

/** All rows of a table; none: it is not there, or empty. */
export function rowsOf(content: Content, table: string): Row[] {
  return Object.values(content[table] ?? {});
}

/** The first row of a table whose columns have those values, or undefined. */
export function rowWhere(content: Content, table: string, where: Row): Row | undefined {
  return rowsOf(content, table).find((one) =>
    Object.entries(where).every(([column, value]) => one[column] === value),
  );
}

/** What became of rows: each list sorted, without repetition. */
export interface Fate {
  /** Tables that are gone, or hold no row any more. */
  tables: string[];
  /** "table {key}" of rows that are gone. */
  rows: string[];
  /** "table.column" that is gone. */
  columns: string[];
  /** "table.column {key}: before -> after" */
  values: string[];
}

/** Compares all that was there before with what is there now; what was added is no loss. */
export function fateOf(before: Content, after: Content): Fate {
  const fate: Fate = { tables: [], rows: [], columns: [], values: [] };
  for (const [table, rows] of Object.entries(before)) {
    const now = after[table];
    if (!now) {
      fate.tables.push(table);
      continue;
    }
    for (const [key, row] of Object.entries(rows)) {
      const kept = now[key];
      if (!kept) {
        fate.rows.push(`${table} ${key}`);
        continue;
      }
      for (const [column, value] of Object.entries(row)) {
        if (!(column in kept)) fate.columns.push(`${table}.${column}`);
        else if (JSON.stringify(kept[column]) !== JSON.stringify(value)) {
          const change = `${JSON.stringify(value)} -> ${JSON.stringify(kept[column])}`;
          fate.values.push(`${table}.${column} ${key}: ${change}`);
        }
      }
    }
  }
  const sorted = (list: string[]): string[] => [...new Set(list)].sort();
  return {
    tables: sorted(fate.tables),
    rows: sorted(fate.rows),
    columns: sorted(fate.columns),
    values: sorted(fate.values),
  };
}
