import type { Connection } from '../../operator/api/connection.ts';
import { Api } from './api.ts';
import type { Database } from './database.ts';
import type { Etcd } from './etcd.ts';
import { AgentObserver } from './observer.ts';
import type { Valkey } from './valkey.ts';

/** Components that a suite may need to begin. */
export type Component =
  | 'manager'
  | 'postgres'
  | 'valkey'
  | 'etcd'
  | 'agent'
  | 'observer'
  | 'storage-proxy'
  | 'webserver';

/** A component that the suite needs does not answer: the suite cannot say anything. */
export class NotReady extends Error {
  override name = 'NotReady';
}

/** What the checks look through. */
export interface Clients {
  connection: Connection;
  database: Database;
  valkey: Valkey;
  etcd: Etcd;
}

/** Asks every needed component for a sign of life. Throws {@link NotReady} naming those that gave none. */
export async function checkReady(needs: readonly Component[], clients: Clients): Promise<void> {
  const problems = await Promise.all(
    needs.map(async (component) => {
      try {
        await CHECKS[component](clients);
        return [];
      } catch (error) {
        return [`${component}: ${error instanceof Error ? error.message : String(error)}`];
      }
    }),
  );
  const missing = problems.flat();
  if (missing.length > 0) throw new NotReady(`the suite cannot begin, not ready: ${missing.join('; ')}`);
}

const CHECKS: Record<Component, (clients: Clients) => Promise<unknown>> = {
  manager: ({ connection }) =>
    new Api(connection.manager.url).request({ method: 'GET', path: '/health/readyz', timeoutMs: 5_000 }),
  postgres: ({ database }) => database.rows('SELECT 1 AS alive'),
  valkey: ({ valkey }) => valkey.db(0).ping(),
  etcd: ({ etcd }) => etcd.get('manager/status'),
  'storage-proxy': ({ connection }) =>
    new Api(connection.storageProxy.clientUrl).request({ method: 'GET', path: '/', timeoutMs: 5_000 }),
  webserver: ({ connection }) =>
    new Api(connection.webserver.url).request({ method: 'GET', path: '/func/', timeoutMs: 10_000 }),
  agent: async ({ connection, database }) => {
    const rows = await database.rows<{ id: string; status: string }>('SELECT id, status::text FROM agents');
    const status = new Map(rows.map((row) => [row.id, row.status]));
    const missing = connection.agents.filter((agent) => status.get(agent.id) !== 'ALIVE');
    if (missing.length > 0) {
      const seen = missing.map((agent) => `${agent.id} is ${status.get(agent.id) ?? 'not registered'}`);
      throw new Error(seen.join(', '));
    }
  },
  observer: ({ connection }) =>
    Promise.all(connection.agents.map((agent) => new AgentObserver(agent).containers())),
};
