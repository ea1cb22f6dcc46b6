import { readFileSync } from 'node:fs';
import {
  type ClientRequest,
  createServer as createPlainServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import type { ClusterAccess } from '@backendai-e2e/kube/cluster-access';
import type { ControlPlane } from '../control-plane/control-plane.ts';

/** The answer that the proxy gives in place of the API server's. */
export interface InjectedFault {
  /** HTTP status code. */
  code: 409 | 429 | 500 | 503;
  /** Forward the request first, so that the API server acts on it, and replace only the answer. Default: do not forward. */
  late?: boolean;
  retryAfterSeconds?: number;
}

/** Decides on each request. Undefined forwards it unchanged. `number` counts the requests from 1. */
export type FaultRule = (request: {
  method: string;
  path: string;
  number: number;
}) => InjectedFault | undefined;

/** A piece of what passes the proxy: of which request, and in which direction. */
export interface HeldPiece {
  method: string;
  path: string;
  of: 'request' | 'answer';
}

/** A proxy before the API server. A test can inject errors, cut connections and block all traffic. */
export class FaultInjectingProxy {
  readonly url: string;
  rule: FaultRule = () => undefined;
  /** Called when the API server has answered a request, before the proxy forwards the answer. */
  onAnswer: (request: { method: string; path: string; code: number }) => void = () => undefined;
  /** Holds back a piece of a request or of an answer until it resolves. Pieces of one stream keep their order. */
  hold: (piece: HeldPiece) => Promise<unknown> | undefined = () => undefined;
  /** Number of injected answers, by status code. */
  readonly injected = new Map<number, number>();
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #target: string;
  readonly #token: string | undefined;
  /** Writes that the API server has not answered yet. */
  readonly #writes = new Set<ClientRequest>();
  #number = 0;
  #blocked = false;

  constructor(server: Server, url: string, target: string, ca: string, token: string | undefined) {
    this.#server = server;
    this.url = url;
    this.#target = target;
    this.#token = token;
    this.#agent = new Agent({ keepAlive: true, ca });
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      if (this.#blocked) {
        incoming.destroy();
        return;
      }
      this.#number += 1;
      const { method = 'GET', url: path = '/' } = incoming;
      const fault = this.rule({ method, path, number: this.#number });
      if (fault) this.injected.set(fault.code, (this.injected.get(fault.code) ?? 0) + 1);
      if (fault && !fault.late) {
        incoming.resume();
        incoming.once('end', () => answer(outgoing, fault));
      } else this.#pass(incoming, outgoing, fault);
    });
  }

  /** Cuts every open connection, watches included. New connections work. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  /**
   * Blocks every request and every answer from now on. To the API server, the client behind this proxy looks like a process
   * after SIGKILL.
   */
  blockAll(): void {
    this.#blocked = true;
    this.#server.closeAllConnections();
  }

  /**
   * Number of writes that are on their way to the API server, or whose answer is on its way back. Other clients may see the
   * effect of such a write already.
   */
  get writesInFlight(): number {
    return this.#writes.size;
  }

  /** Cuts every connection, and closes the port. */
  stop(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse, fault: InjectedFault | undefined): void {
    const headers = { ...incoming.headers };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    const call = request(
      `${this.#target}${incoming.url}`,
      { method: incoming.method, headers, agent: this.#agent },
      (from) => {
        const { method = 'GET', url: path = '/' } = incoming;
        this.#writes.delete(call);
        this.onAnswer({ method, path, code: from.statusCode ?? 0 });
        if (this.#blocked) {
          outgoing.destroy();
          return;
        }
        if (fault) {
          from.resume();
          from.once('end', () => answer(outgoing, fault));
          return;
        }
        outgoing.writeHead(from.statusCode ?? 502, from.headers);
        outgoing.flushHeaders();
        from.pipe(this.#held({ method, path, of: 'answer' })).pipe(outgoing);
        from.once('error', () => outgoing.destroy());
      },
    );
    if (incoming.method !== 'GET') this.#writes.add(call);
    call.once('close', () => this.#writes.delete(call));
    // An error on one side ends the other side, as a client of the API server would see it.
    call.once('error', () => outgoing.destroy());
    outgoing.once('close', () => call.destroy());
    const { method = 'GET', url: path = '/' } = incoming;
    incoming.pipe(this.#held({ method, path, of: 'request' })).pipe(call);
  }

  /** A stream whose pieces, and whose end, may be held back. */
  #held(piece: HeldPiece): Transform {
    const wait = (then: () => void) => {
      const held = this.hold(piece);
      if (held) void held.then(then);
      else then();
    };
    return new Transform({
      transform: (piece, _encoding, next) => wait(() => next(null, piece)),
      flush: (next) => wait(() => next()),
    });
  }
}

function answer(outgoing: ServerResponse, { code, retryAfterSeconds }: InjectedFault): void {
  // The reason that the API server gives for a write conflict. Clients do not read a reason for the other codes.
  const reason = code === 409 ? { reason: 'Conflict' } : {};
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    ...reason,
    message: 'injected by the test',
  };
  outgoing.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  outgoing.end(JSON.stringify(status));
}

/**
 * Starts a proxy in front of a control plane, with the API server's own certificate. With `plain` it serves HTTP and adds the
 * token to every request, as `kubectl proxy` does.
 */
export async function startFaultInjectingProxy(
  plane: ControlPlane,
  plain?: { token: string },
): Promise<FaultInjectingProxy> {
  const file = (name: string) => readFileSync(join(plane.folder, 'certificates', name));
  const server = plain
    ? createPlainServer()
    : createServer({ cert: file('apiserver.crt'), key: file('apiserver.key') });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `${plain ? 'http' : 'https'}://127.0.0.1:${port}`;
  return new FaultInjectingProxy(server, url, plane.url, file('apiserver.crt').toString(), plain?.token);
}

/** Returns the same access to a control plane, through a proxy. */
export function through(proxy: FaultInjectingProxy, access: ClusterAccess): ClusterAccess {
  return { ...access, server: proxy.url };
}
