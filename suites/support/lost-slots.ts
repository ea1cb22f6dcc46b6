import pg from 'pg';
import type { Connection } from '../../operator/api/connection.ts';
import { RESERVED_AND_HELD } from './database.ts';

/**
 * Gives back what agents have reserved for no kernel. Backend.AI 26.9.6 loses slots so (suites/known-issues.yaml) and has
 * no command for it; every suite that comes after would miss them. With a connection of its own, because
 * {@link Database} may only read.
 */
export async function giveBackLostSlots(connection: Connection['postgres']): Promise<void> {
  const { host, port, user, password, database } = connection;
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 10_000,
    application_name: 'backendai-e2e-lost-slots',
  });
  await client.connect();
  try {
    await client.query(
      `UPDATE agent_resources r SET reserved = r.reserved - (s.reserved - s.held)
         FROM (${RESERVED_AND_HELD}) AS s
        WHERE s.agent_id = r.agent_id AND s.slot_name = r.slot_name AND s.reserved > s.held`,
    );
  } finally {
    await client.end();
  }
}
