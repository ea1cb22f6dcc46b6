import type { Connection } from '@backendai-e2e/api/connection';
import { Redis } from 'ioredis';

/**
 * Milliseconds that a component of Backend.AI waits for an answer of Valkey (`_DEFAULT_REQUEST_TIMEOUT` in
 * ai.backend.common.clients.valkey_client). Then it sends the command again, up to three times. Valkey may carry out both.
 */
export const UNANSWERED_MS = 1_000;

/** Backend.AI's databases in Valkey (ai.backend.common.defs). */
export const VALKEY_DB = {
  statistics: 0,
  rateLimit: 1,
  live: 2,
  image: 3,
  stream: 4,
  streamLock: 5,
  containerLog: 6,
  backgroundTask: 7,
  tus: 8,
} as const;

/** A client of Valkey with one connection for each database, opened at first use. */
export class Valkey {
  readonly #connection: Connection['valkey'];
  readonly #clients = new Map<number, Redis>();

  constructor(connection: Connection['valkey']) {
    this.#connection = connection;
  }

  /** @param db one of {@link VALKEY_DB} */
  db(db: number): Redis {
    const known = this.#clients.get(db);
    if (known) return known;
    const { host, port, password } = this.#connection;
    const client = new Redis({
      host,
      port,
      ...(password ? { password } : {}),
      db,
      connectTimeout: 5_000,
      commandTimeout: 5_000,
      maxRetriesPerRequest: 2,
    });
    // Commands report a broken connection. Without a listener the process would end.
    client.on('error', () => undefined);
    this.#clients.set(db, client);
    return client;
  }

  /**
   * Resolves when Valkey answers on every connection that is open. After a restart, connections return one by one. Rejects
   * with the first error.
   */
  async answer(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.ping()));
  }

  /** Time of each agent's last heartbeat, seconds since 1970 by agent id (hash agent.last_seen). */
  async agentsLastSeen(): Promise<Record<string, number>> {
    const seen = await this.db(VALKEY_DB.live).hgetall('agent.last_seen');
    return Object.fromEntries(Object.entries(seen).map(([id, at]) => [id, Number(at)]));
  }

  /** Ids of agents that did not get the request to start a session (session:failed_agents in ValkeyScheduleClient), kept for an hour. */
  async agentsUnasked(session: string): Promise<string[]> {
    return (await this.db(VALKEY_DB.live).smembers(`session:failed_agents:${session}`)).sort();
  }

  /** What agents reported about a kernel: {presence: "1" | "0", last_presence, …}, or empty. */
  async kernelPresence(kernelId: string): Promise<Record<string, string>> {
    return this.db(VALKEY_DB.live).hgetall(`kernel:presence:${kernelId}`);
  }

  /** Whether there are live statistics of a kernel (key: the kernel's id). */
  async hasStatistics(kernelId: string): Promise<boolean> {
    return (await this.db(VALKEY_DB.statistics).exists(kernelId)) === 1;
  }

  /** Number of session containers that an agent reports (key container_count.<agent>). */
  async containerCount(agent: string): Promise<number> {
    return Number((await this.db(VALKEY_DB.statistics).get(`container_count.${agent}`)) ?? Number.NaN);
  }

  /** Closes the connection. */
  close(): void {
    for (const client of this.#clients.values()) client.disconnect();
    this.#clients.clear();
  }
}
