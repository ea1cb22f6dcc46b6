import type { Connection } from '@backendai-e2e/api/connection';
import pg from 'pg';
import { recorder } from '../../evidence/record.ts';

/** Timeout of one statement, milliseconds. */
const STATEMENT_MS = 10_000;

/** A row of table sessions: the columns that suites use. */
export interface SessionRow {
  id: string;
  name: string;
  status: string;
  status_info: string | null;
  status_history: Record<string, string> | null;
  images: string[] | null;
  agent_ids: string[] | null;
  result: string;
  scaling_group_name: string;
  domain_name: string;
  terminated_at: Date | null;
  num_queries: string;
}

/** A row of table kernels: the columns that suites use. */
export interface KernelRow {
  id: string;
  status: string;
  status_info: string | null;
  agent: string | null;
  image: string;
  architecture: string;
  container_id: string | null;
  cluster_role: string;
  result: string;
  terminated_at: Date | null;
}

/** A row of table resource_allocations: what a kernel requested, received and released. Memory in bytes. */
export interface AllocationRow {
  kernel_id: string;
  slot_name: string;
  requested: number;
  reserved: number;
  used: number | null;
  freed: boolean;
}

/** A row of table session_scheduling_history: one step of the scheduler with a session. */
export interface SchedulingStep {
  phase: string;
  result: string;
  from_status: string | null;
  to_status: string | null;
  message: string | null;
  attempts: number;
}

/** A row of table agent_resources joined with its agent. Memory in bytes. */
export interface AgentSlotRow {
  agent_id: string;
  status: string;
  schedulable: boolean;
  slot_name: string;
  capacity: number;
  reserved: number;
  used: number;
}

/** What each agent has reserved and used, and what the rows of living kernels hold of it. */
export const RESERVED_AND_HELD = `
  SELECT r.agent_id, r.slot_name, (r.reserved + r.used)::float8 AS reserved, r.updated_at,
         coalesce(sum(a.reserved + coalesce(a.used, 0)), 0)::float8 AS held
    FROM agent_resources r
    LEFT JOIN kernels k ON k.agent = r.agent_id
    LEFT JOIN resource_allocations a
      ON a.kernel_id = k.id AND a.slot_name = r.slot_name AND a.free_at IS NULL
   GROUP BY r.agent_id, r.slot_name, r.reserved, r.used, r.updated_at`;

/** The manager's database, read only: PostgreSQL refuses a statement that writes. */
export class Database {
  readonly #pool: pg.Pool;

  constructor(connection: Connection['postgres']) {
    this.#pool = new pg.Pool({
      host: connection.host,
      port: connection.port,
      user: connection.user,
      password: connection.password,
      database: connection.database,
      max: 2,
      connectionTimeoutMillis: STATEMENT_MS,
      statement_timeout: STATEMENT_MS,
      query_timeout: STATEMENT_MS + 1_000,
      options: '-c default_transaction_read_only=on',
      application_name: 'backendai-e2e-suite',
    });
    // The next query replaces an idle connection that breaks, and reports what is wrong.
    this.#pool.on('error', (error) => recorder.exchange('SQL (idle connection)', String(error), 0));
  }

  /** Runs a query. The caller's SQL determines the shape of the rows. */
  async rows<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const since = performance.now();
    const line = `SQL ${sql.replace(/\s+/g, ' ').trim()} ${JSON.stringify(values)}`;
    try {
      const result = await this.#pool.query({ text: sql, values: [...values] });
      recorder.exchange(line, `${result.rows.length} rows`, (performance.now() - since) / 1000);
      return result.rows as Row[];
    } catch (error) {
      recorder.exchange(line, String(error), (performance.now() - since) / 1000);
      throw error;
    }
  }

  /** The row of a session; undefined where there is none. */
  async session(id: string): Promise<SessionRow | undefined> {
    const columns = `id, name, status::text, status_info, status_history, images, agent_ids, result::text,
      scaling_group_name, domain_name, terminated_at, num_queries`;
    return (await this.rows<SessionRow>(`SELECT ${columns} FROM sessions WHERE id = $1`, [id]))[0];
  }

  /** The kernels of a session, by their place in the cluster of its containers. */
  async kernels(sessionId: string): Promise<KernelRow[]> {
    const columns = `id, status::text, status_info, agent, image, architecture, container_id, cluster_role,
      result::text, terminated_at`;
    return this.rows(`SELECT ${columns} FROM kernels WHERE session_id = $1 ORDER BY cluster_idx`, [
      sessionId,
    ]);
  }

  /** What the kernels of a session asked for, reserved and use, a row for each slot. */
  async allocations(sessionId: string): Promise<AllocationRow[]> {
    return this.rows(
      `SELECT a.kernel_id, a.slot_name, a.requested::float8, a.reserved::float8, a.used::float8,
              a.free_at IS NOT NULL AS freed
         FROM resource_allocations a JOIN kernels k ON k.id = a.kernel_id
        WHERE k.session_id = $1 ORDER BY a.slot_name`,
      [sessionId],
    );
  }

  /** Every agent with every slot, including terminated agents. */
  async agentSlots(): Promise<AgentSlotRow[]> {
    return this.rows(
      `SELECT r.agent_id, a.status::text, a.schedulable, r.slot_name, r.capacity::float8, r.reserved::float8,
              r.used::float8
         FROM agent_resources r JOIN agents a ON a.id = r.agent_id ORDER BY r.agent_id, r.slot_name`,
    );
  }

  /** The steps of the scheduler for a session, in order. */
  async schedulingSteps(sessionId: string): Promise<SchedulingStep[]> {
    return this.rows(
      `SELECT phase, result::text, from_status::text, to_status::text, message, attempts
         FROM session_scheduling_history WHERE session_id = $1 ORDER BY created_at, id`,
      [sessionId],
    );
  }

  /** Amounts that living kernels hold on an agent by slot, from their own rows. Compare with agentSlots(). */
  async heldOn(agent: string): Promise<Record<string, number>> {
    const rows = await this.rows<{ slot_name: string; held: number }>(
      `SELECT a.slot_name, sum(a.used)::float8 AS held
         FROM resource_allocations a JOIN kernels k ON k.id = a.kernel_id
        WHERE k.agent = $1 AND a.free_at IS NULL AND a.used IS NOT NULL GROUP BY a.slot_name`,
      [agent],
    );
    return Object.fromEntries(rows.map((row) => [row.slot_name, row.held]));
  }

  /** Number of rows of sessions and kernels with this session name, in any state. */
  async traces(name: string): Promise<{ sessions: number; kernels: number }> {
    const [row] = await this.rows<{ sessions: number; kernels: number }>(
      `SELECT (SELECT count(*) FROM sessions WHERE name = $1)::int AS sessions,
              (SELECT count(*) FROM kernels WHERE session_name = $1)::int AS kernels`,
      [name],
    );
    if (!row) throw new Error('the database returned no row for counts');
    return row;
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}
