import pg from 'pg';
import type { Connection } from '../../operator/api/connection.ts';
import { Database } from './database.ts';
import type { Ledger } from './ledger.ts';
import { Inconclusive } from './record.ts';
import { execute } from './sql-script.ts';

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
