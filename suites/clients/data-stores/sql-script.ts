import type { Connection } from '@backendai-e2e/api/connection';
import pg from 'pg';
import { recorder } from '../../evidence/record.ts';

/** Timeout of a script, milliseconds. The dump of a release has some 300 statements. */
const SCRIPT_MS = 60_000;

/**
 * Runs statements that may write over a separate connection, because Database is read only. Separate several statements
 * with semicolons. Throws the error of PostgreSQL.
 */
export async function execute(postgres: Connection['postgres'], sql: string): Promise<void> {
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
    application_name: 'backendai-e2e-script',
  });
  const since = performance.now();
  const note = (answer: string): void =>
    recorder.exchange(`SQL on ${database}: ${sql}`, answer, (performance.now() - since) / 1000);
  await client.connect();
  // The statement reports a connection that PostgreSQL ends. Without a listener the process would end.
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
