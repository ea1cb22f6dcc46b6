import type { Api } from '../http/api.ts';

/** States of a session (ai.backend.manager.data.session.types.SessionStatus). */
export const SESSION_STATES = [
  'PENDING',
  'DEPRIORITIZING',
  'RESERVED',
  'SCHEDULED',
  'PREPARING',
  'PULLING',
  'PREPARED',
  'CREATING',
  'RUNNING',
  'RESTARTING',
  'RUNNING_DEGRADED',
  'PREEMPTED',
  'RESCHEDULING',
  'TERMINATING',
  'TERMINATED',
  'ERROR',
  'CANCELLED',
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** A session in one of these states never changes again. */
export const ENDED_STATES: readonly SessionState[] = ['TERMINATED', 'ERROR', 'CANCELLED'];

/** Body of POST /session (CreateFromParamsRequest, CreationConfigV7). */
export interface NewSession {
  name: string;
  /** Full reference: registry/project/name:tag. */
  image: string;
  type?: 'interactive' | 'batch';
  group?: string;
  domain?: string;
  clusterSize?: number;
  clusterMode?: 'single-node' | 'multi-node';
  startupCommand?: string;
  bootstrapScript?: string;
  dependencies?: string[];
  /** ISO 8601: the session stays PENDING until then. */
  starts_at?: string;
  enqueueOnly?: boolean;
  maxWaitSeconds?: number;
  reuseIfExists?: boolean;
  tag?: string;
  config: {
    resources: Record<string, string | number>;
    resource_opts?: { shmem?: string };
    scaling_group?: string;
    environ?: Record<string, string>;
    mount_ids?: string[];
    mount_id_map?: Record<string, string>;
    mount_options?: Record<string, { permission?: 'ro' | 'rw' }>;
    agent_list?: string[];
    /** Ports on which programs of the session listen. Each is an application named by its number. */
    preopen_ports?: number[];
  };
}

/** The answer of POST /session. TIMEOUT: the session did not run in the time that the request gave. */
export interface CreatedSession {
  sessionId: string;
  sessionName: string;
  status: SessionState | 'TIMEOUT';
  servicePorts: { name: string; protocol: string; container_ports: number[] }[];
  created: boolean;
}

/** GET /session/{id}: the fields that suites use (LegacySessionInfo). */
export interface SessionInfo {
  domainName: string;
  groupId: string;
  userId: string;
  image: string;
  architecture: string;
  registry: string;
  tag: string | null;
  containerId: string | null;
  occupiedSlots: string;
  occupyingSlots: string;
  requestedSlots: string;
  status: SessionState;
  statusInfo: string | null;
  statusData: Record<string, unknown> | null;
  age: number;
  creationTime: string;
  terminationTime: string | null;
  numQueriesExecuted: number;
}

/** What a request of the execution API asks for. "continue" and "input" belong to a run that goes on. */
export type ExecutionMode = 'query' | 'batch' | 'continue' | 'input' | 'complete';

/** How far a run of code is. Only "finished" and "exec-timeout" end it. */
export type ExecutionStatus =
  | 'continued'
  | 'clean-finished'
  | 'build-finished'
  | 'finished'
  | 'waiting-input'
  | 'exec-timeout';

/** One answer of the execution API: what happened since the previous answer. */
export interface ExecutionResult {
  status: ExecutionStatus;
  runId: string;
  exitCode: number | null;
  options: Record<string, unknown> | null;
  files: unknown[] | null;
  /** Pairs of type ("stdout", "stderr", "media", "html", "log") and content. */
  console: [string, unknown][];
}

/** A request of the execution API. All requests of one run have its runId. options: commands of mode "batch". */
export interface Execution {
  mode: ExecutionMode;
  runId: string;
  code?: string;
  options?: { exec?: string; build?: string; clean?: string };
}

/** The v1 session API of the manager. Address a session by id, or a living session by name. */
export class Sessions {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Creates a session. Returns when the manager has accepted it, or later as the session asks. */
  create(session: NewSession, timeoutMs?: number): Promise<CreatedSession> {
    return this.#api.json({
      method: 'POST',
      path: '/session',
      json: session,
      ...(timeoutMs ? { timeoutMs } : {}),
    });
  }

  /** The session as its owner sees it. */
  get(session: string): Promise<SessionInfo> {
    return this.#api.json({ method: 'GET', path: at(session) });
  }

  /** Ends a session. `stats` is {status: "terminated" | "cancelled"}, or {} when there was nothing to end. */
  destroy(
    session: string,
    options: { forced?: boolean; recursive?: boolean } = {},
  ): Promise<{ stats: { status?: string } }> {
    return this.#api.json({ method: 'DELETE', path: at(session), query: options });
  }

  /** Runs code, or goes on with it. Repeat the call with the same runId until the status says that it has finished. */
  async execute(session: string, execution: Execution, timeoutMs?: number): Promise<ExecutionResult> {
    const { mode, runId, code, options } = execution;
    const answer = await this.#api.json<{ result: ExecutionResult }>({
      method: 'POST',
      path: at(session),
      json: { mode, run_id: runId, code: code ?? '', options: options ?? {} },
      ...(timeoutMs ? { timeoutMs } : {}),
    });
    return answer.result;
  }

  /** Interrupts the code that runs. */
  async interrupt(session: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: at(session, 'interrupt') });
  }

  /** The output of the main container. */
  async logs(session: string): Promise<string> {
    const path = at(session, 'logs');
    return (await this.#api.json<{ result: { logs: string } }>({ method: 'GET', path })).result.logs;
  }

  /** When the session entered each state: ISO 8601 by state. */
  async statusHistory(session: string): Promise<Partial<Record<SessionState, string>>> {
    return this.#api.json({ method: 'GET', path: at(session, 'status-history') });
  }

  /** Sessions whose id or name begins with a text, including ended ones. */
  async match(text: string): Promise<{ id: string; name: string; status: SessionState }[]> {
    const path = '/session/_/match';
    type Matches = { matches: { id: string; name: string; status: SessionState }[] };
    return (await this.#api.json<Matches>({ method: 'GET', path, query: { id: text } })).matches;
  }

  /** Uploads files to the session's home directory. */
  async upload(session: string, files: Record<string, string | Uint8Array<ArrayBuffer>>): Promise<void> {
    const form = new FormData();
    for (const [name, content] of Object.entries(files)) form.append('src', new Blob([content]), name);
    await this.#api.request({ method: 'POST', path: at(session, 'upload'), form });
  }

  /** The bytes of one file. */
  async download(session: string, file: string): Promise<Buffer> {
    const path = at(session, 'download_single');
    return (await this.#api.request({ method: 'POST', path, query: { file } })).bytes;
  }

  /** Entries of a directory in the session. `files` of the answer is JSON in a string. */
  async files(session: string, path = '.'): Promise<{ filename: string; size: number }[]> {
    const answer = await this.#api.json<{ files: string }>({
      method: 'GET',
      path: at(session, 'files'),
      query: { path },
    });
    return JSON.parse(answer.files);
  }
}

function at(session: string, action?: string): string {
  return `/session/${encodeURIComponent(session)}${action ? `/${action}` : ''}`;
}
