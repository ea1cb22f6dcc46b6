import type { Connection } from '@backendai-e2e/api/connection';
import pg from 'pg';
import { notYet, waitUntil } from '../evidence/waiting.ts';

/** Longest idle time of the suite's transaction before PostgreSQL ends it, milliseconds. */
const OPEN_MS = 60_000;

/** A backend of PostgreSQL that waits for a lock of a {@link Blocker}. */
export interface Waiter {
  pid: number;
  query: string;
}

/**
 * A transaction that leaves nothing behind. Others that insert the same key wait for it. This way a suite blocks exactly
 * one transaction of a manager in the middle, and no other.
 */
export class Blocker {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Opens the transaction. */
  static async open(connection: Connection['postgres']): Promise<Blocker> {
    const client = new pg.Client({
      host: connection.host,
      port: connection.port,
      user: connection.user,
      password: connection.password,
      database: connection.database,
      connectionTimeoutMillis: 10_000,
      statement_timeout: 10_000,
      idle_in_transaction_session_timeout: OPEN_MS,
      application_name: 'backendai-e2e-blocker',
    });
    await client.connect();
    // The next statement reports a connection that PostgreSQL ends. Without a listener the process would end.
    client.on('error', () => undefined);
    await client.query('BEGIN');
    return new Blocker(client);
  }

  /** Inserts a copy of a row under another id and with some columns changed. */
  async insertCopy(
    table: 'sessions' | 'vfolders',
    id: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    const inserted = await this.#client.query(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(t, $2::jsonb || jsonb_build_object('id', gen_random_uuid()))).*
         FROM ${table} t WHERE id = $1`,
      [id, JSON.stringify(changes)],
    );
    if (inserted.rowCount !== 1) throw new Error(`no row ${id} in ${table} to copy`);
  }

  /** Updates the row of an image without a change. Others that update it wait, and are refused when this one commits. */
  async touchImage(reference: string): Promise<void> {
    const sql = 'UPDATE images SET last_used_at = last_used_at WHERE name = $1';
    const touched = await this.#client.query(sql, [reference]);
    if (touched.rowCount !== 1) throw new Error(`no row of image ${reference}`);
  }

  /** Commits the transaction. Use it after {@link touchImage}, which changes nothing. */
  async commit(): Promise<void> {
    await this.#client.query('COMMIT');
    await this.#client.end();
  }

  /** Backends that wait for this transaction now. */
  async waiters(): Promise<Waiter[]> {
    // Within a transaction PostgreSQL caches the statistics of its backends.
    await this.#client.query('SELECT pg_stat_clear_snapshot()');
    const found = await this.#client.query<Waiter>(
      `SELECT pid, left(query, 200) AS query FROM pg_stat_activity
        WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))`,
    );
    return found.rows;
  }

  /** Waits until a backend other than `notPid` waits for this transaction. */
  waiter(notPid?: number, deadlineSeconds = 20): Promise<Waiter> {
    return waitUntil(
      'a transaction that waits for the one of the suite',
      async () => (await this.waiters()).find((one) => one.pid !== notPid) ?? notYet('no backend waits'),
      { deadlineSeconds, everyMs: 50 },
    );
  }

  /** Terminates the connection of a waiter, as the end of its process would. */
  async breakConnection(waiter: Waiter): Promise<void> {
    await this.#client.query('SELECT pg_terminate_backend($1)', [waiter.pid]);
  }

  /** Rolls the transaction back, so that waiting backends continue. Does nothing when it has ended already. */
  async rollback(): Promise<void> {
    // A broken connection has rolled it back.
    await this.#client.query('ROLLBACK').catch(() => undefined);
    await this.#client.end().catch(() => undefined);
  }
}
