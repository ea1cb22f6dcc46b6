import pg from 'pg';
import type { Connection } from '../../operator/api/connection.ts';
import { Database } from './database.ts';
import type { Ledger } from './ledger.ts';
import { Inconclusive, recorder } from './record.ts';

/** A script of a suite may take this long, milliseconds: the dump of a release has some 300 statements. */
const SCRIPT_MS = 60_000;
/** SQLSTATE insufficient_privilege. */
const NOT_ALLOWED = '42501';

/** A database of the suite's own beside those of the deployment, gone when the ledger is settled. */
export class SpareDatabase {
  /** How to reach it. */
  readonly connection: Connection['postgres'];
  /** Reads it. */
  readonly reader: Database;

  private constructor(connection: Connection['postgres']) {
    this.connection = connection;
    this.reader = new Database(connection);
  }

  /**
   * Makes an empty database.
   * @param name letters, digits and dashes; random, so that two attempts never meet
   * @throws Inconclusive where the role of the connection may not make databases
   */
  static async create(
    postgres: Connection['postgres'],
    name: string,
    ledger: Ledger,
  ): Promise<SpareDatabase> {
    const quoted = pg.escapeIdentifier(name);
    try {
      // template0 is never connected to: copies of template1 fail while somebody is.
      await execute(postgres, `CREATE DATABASE ${quoted} TEMPLATE template0 ENCODING 'UTF8'`);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== NOT_ALLOWED) throw error;
      throw new Inconclusive(
        `the role ${postgres.user} may not make databases: the deployment needs postgres.ownerMayCreateDatabases of ` +
          'its chart',
      );
    }
    const made = new SpareDatabase({ ...postgres, database: name });
    ledger.add(`database ${name}`, async () => {
      await made.reader.close();
      await execute(postgres, `DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
    });
    return made;
  }

  /** Runs statements, several at once where they are separated by semicolons. */
  execute(sql: string): Promise<void> {
    return execute(this.connection, sql);
  }
}

async function execute(postgres: Connection['postgres'], sql: string): Promise<void> {
  const { host, port, user, password, database } = postgres;
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    connectionTimeoutMillis: 10_000,
    statement_timeout: SCRIPT_MS,
    query_timeout: SCRIPT_MS + 1_000,
    application_name: 'backendai-e2e-spare',
  });
  const since = performance.now();
  const note = (answer: string): void =>
    recorder.exchange(`SQL on ${database}: ${sql}`, answer, (performance.now() - since) / 1000);
  await client.connect();
  // A connection that PostgreSQL ends is seen by the statement; without a listener the process would end.
  client.on('error', () => undefined);
  try {
    await client.query(sql);
    note('done');
  } catch (error) {
    note(String(error));
    throw error;
  } finally {
    await client.end();
  }
}
