import type { Connection } from '@backendai-e2e/api/connection';
import { recorder } from '../../evidence/record.ts';
import { notYet, waitUntil } from '../../evidence/waiting.ts';
import { Database } from '../data-stores/database.ts';
import { Api, type ApiRequest } from '../http/api.ts';
import type { BackendAi } from '../manager/backend-ai.ts';

/** The manager's answer to a request for an application: the coordinator's address and a token. */
export interface Ticket {
  token: string;
  wsproxy_addr: string;
}

/**
 * An opened application.
 * - cookie: the permission as a header
 * - attributes: those of the cookie, as "Max-Age=60; Path=/"
 * - circuit: id of the route to it
 */
export interface OpenedApp {
  name: string;
  attributes: string;
  url: string;
  cookie: string;
  circuit: string;
}

/** A slot of a worker: one port, and the circuit that uses it. */
export interface Slot {
  in_use: boolean;
  port: number;
  circuit_id: string | null;
}

/** A worker of the app proxy as the coordinator lists it (GET /api/worker). nodes: its processes. */
export interface Worker {
  id: string;
  authority: string;
  hostname: string;
  api_port: number;
  port_range: [number, number];
  protocol: string;
  accepted_traffics: string[];
  nodes: number;
  available_slots: number;
  occupied_slots: number;
  slots: Slot[];
}

/** A row of table circuits of the app proxy's own database. */
export interface CircuitRow {
  id: string;
  app: string;
  port: number | null;
  worker: string;
  user_id: string;
  session_ids: string[];
}

/** The app proxy from the side of users and administrators, and its database. */
export class AppProxy {
  readonly #connection: Connection;
  /** The coordinator, with the secret that it shares with the manager. */
  readonly coordinator: Api;
  readonly database: Database;

  constructor(connection: Connection) {
    this.#connection = connection;
    const { coordinatorUrl, apiSecret } = connection.appProxy;
    this.coordinator = new Api(coordinatorUrl, () => ({ 'x-backendai-token': apiSecret }));
    this.database = new Database({ ...connection.postgres, database: connection.postgres.appproxyDatabase });
  }

  /** The workers that the coordinator knows, with their slots. */
  async workers(): Promise<Worker[]> {
    const path = '/api/worker';
    return (await this.coordinator.json<{ workers: Worker[] }>({ method: 'GET', path })).workers;
  }

  /** The circuits of a session. */
  circuits(session: string): Promise<CircuitRow[]> {
    return this.database.rows(
      `SELECT id, app, port, worker, user_id, session_ids FROM circuits WHERE $1 = ANY(session_ids::text[])`,
      [session],
    );
  }

  /** Removes a circuit. Its port stops serving and is free again. */
  async removeCircuit(id: string): Promise<void> {
    await this.coordinator.request({ method: 'DELETE', path: `/api/circuit/${id}` });
  }

  /** Removes the circuits of a session. Coordinators of 26.9.6 do so only after an hour without traffic. */
  async removeCircuits(session: string): Promise<void> {
    for (const { id } of await this.circuits(session)) await this.removeCircuit(id);
  }

  /** Requests an application of a session from the manager, which starts it and returns a ticket. */
  async ticket(account: BackendAi, session: string, app: string): Promise<Ticket> {
    const ticket = await account.api.json<Ticket>({
      method: 'POST',
      path: `/session/${encodeURIComponent(session)}/start-service`,
      json: { app },
    });
    recorder.secrets.add([ticket.token]);
    return ticket;
  }

  /** Presents a ticket to the coordinator. redirect_url: where the permission can be fetched once. */
  authorize(token: string, session: string, app: string): Promise<{ redirect_url: string; reuse: boolean }> {
    return new Api(this.#connection.appProxy.coordinatorUrl).json({
      method: 'GET',
      path: '/v2/proxy/auth',
      query: { token, session_id: session, app, protocol: 'http' },
      headers: { accept: 'application/json' },
    });
  }

  /** Performs the steps of a browser up to the application's address and the permission to use it. */
  async open(account: BackendAi, session: string, app: string): Promise<OpenedApp> {
    const { token } = await this.ticket(account, session, app);
    const { redirect_url } = await this.authorize(token, session, app);
    const permission = new URL(redirect_url).searchParams.get('token') ?? '';
    recorder.secrets.add([permission]);
    const claims: { circuit: string } = JSON.parse(
      Buffer.from(permission.split('.')[1] ?? '', 'base64url').toString(),
    );
    const answer = await fetch(redirect_url, { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
    const url = answer.headers.get('location');
    const given = answer.headers.getSetCookie();
    const cookie = given.map((one) => one.split(';')[0]).join('; ');
    const attributes = given.map((one) => one.split(';').slice(1).join(';').trim()).join('; ');
    recorder.secrets.add([cookie.slice(cookie.indexOf('=') + 1)]);
    await answer.body?.cancel();
    if (!url || !cookie) throw new Error(`the worker answered ${answer.status} and gave no permission`);
    return { name: app, url, cookie, attributes, circuit: claims.circuit };
  }

  /** A client of an opened application. */
  client(app: Pick<OpenedApp, 'url'> & { cookie?: string }): Api {
    return new Api(app.url, () => (app.cookie ? { cookie: app.cookie } : {}));
  }

  /** Closes the connections to the database. */
  close(): Promise<void> {
    return this.database.close();
  }
}

/** Talks over a WebSocket until the received text matches. Throws WaitTimeout, or the connection's error. */
export async function talk(
  app: OpenedApp,
  request: Pick<ApiRequest, 'path'> & { protocol: string },
  say: (send: (text: string) => void, heard: string) => void,
  until: RegExp,
  deadlineSeconds: number,
): Promise<string> {
  const url = new URL(request.path, app.url);
  url.protocol = 'ws:';
  const socket = new WebSocket(url, { protocols: [request.protocol], headers: { cookie: app.cookie } });
  socket.binaryType = 'arraybuffer';
  let heard = '';
  let broken: unknown;
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    heard += data instanceof ArrayBuffer ? Buffer.from(data).toString() : String(data);
  });
  socket.addEventListener('error', (event) => {
    broken = event;
  });
  try {
    return await waitUntil(
      `${until} over ${url.pathname}`,
      async () => {
        if (broken) throw new Error(`the WebSocket ${url.pathname} broke`, { cause: broken });
        if (socket.readyState === WebSocket.OPEN)
          say((text) => socket.send(new TextEncoder().encode(text)), heard);
        return until.test(heard) ? heard : notYet(heard.slice(-400));
      },
      { deadlineSeconds },
    );
  } finally {
    socket.close();
  }
}
