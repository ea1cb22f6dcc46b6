import { readFileSync } from 'node:fs';
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ClusterAccess } from '@backendai-e2e/kube/cluster-access';
import type { ControlPlane } from './control-plane.ts';

/** What becomes of a request instead of, or after, its way to the API server. */
export interface Trouble {
  /** The code of the answer. */
  code: 409 | 429 | 500 | 503;
  /** The API server gets the request and acts on it; only its answer is replaced. */
  late?: boolean;
  retryAfterSeconds?: number;
}

/** Decides on each request; undefined lets it through. */
export type Weather = (request: { method: string; path: string; number: number }) => Trouble | undefined;

/** A way to the API server on which a test can make bad weather. */
export class WeatherProxy {
  readonly url: string;
  weather: Weather = () => undefined;
  /** Called when the API server has acted on a request, before its answer goes on. */
  onAnswer: (request: { method: string; path: string; code: number }) => void = () => undefined;
  /** Requests that got trouble, by code. */
  readonly troubled = new Map<number, number>();
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #target: string;
  readonly #token: string | undefined;
  #number = 0;
  #dead = false;

  constructor(server: Server, url: string, target: string, ca: string, token: string | undefined) {
    this.#server = server;
    this.url = url;
    this.#target = target;
    this.#token = token;
    this.#agent = new Agent({ keepAlive: true, ca });
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      if (this.#dead) {
        incoming.destroy();
        return;
      }
      this.#number += 1;
      const { method = 'GET', url: path = '/' } = incoming;
      const trouble = this.weather({ method, path, number: this.#number });
      if (trouble) this.troubled.set(trouble.code, (this.troubled.get(trouble.code) ?? 0) + 1);
      if (trouble && !trouble.late) {
        incoming.resume();
        incoming.once('end', () => answer(outgoing, trouble));
      } else this.#pass(incoming, outgoing, trouble);
    });
  }

  /** Cuts every connection, watches above all; new ones are taken. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  /**
   * From now on nothing gets through, no request and no answer: to the API server, whoever is behind this proxy is as dead
   * as after SIGKILL.
   */
  die(): void {
    this.#dead = true;
    this.#server.closeAllConnections();
  }

  stop(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse, trouble: Trouble | undefined): void {
    const headers = { ...incoming.headers };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    const call = request(
      `${this.#target}${incoming.url}`,
      { method: incoming.method, headers, agent: this.#agent },
      (from) => {
        const { method = 'GET', url: path = '/' } = incoming;
        this.onAnswer({ method, path, code: from.statusCode ?? 0 });
        if (this.#dead) {
          outgoing.destroy();
          return;
        }
        if (trouble) {
          from.resume();
          from.once('end', () => answer(outgoing, trouble));
          return;
        }
        outgoing.writeHead(from.statusCode ?? 502, from.headers);
        outgoing.flushHeaders();
        from.pipe(outgoing);
        from.once('error', () => outgoing.destroy());
      },
    );
    // Whatever breaks on one side breaks the other: that is all that a client of the API server would see.
    call.once('error', () => outgoing.destroy());
    outgoing.once('close', () => call.destroy());
    incoming.pipe(call);
  }
}

function answer(outgoing: ServerResponse, { code, retryAfterSeconds }: Trouble): void {
  // What the API server gives with 409 for a write that came too late; the other codes need no reason.
  const reason = code === 409 ? { reason: 'Conflict' } : {};
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    ...reason,
    message: 'bad weather',
  };
  outgoing.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  outgoing.end(JSON.stringify(status));
}

/**
 * Starts a proxy before a control plane. It has the API server's own certificate. With `plain` it speaks HTTP and gives
 * every request that token, like `kubectl proxy`.
 */
export async function startWeatherProxy(
  plane: ControlPlane,
  plain?: { token: string },
): Promise<WeatherProxy> {
  const file = (name: string) => readFileSync(join(plane.folder, 'certificates', name));
  const server = plain
    ? createPlainServer()
    : createServer({ cert: file('apiserver.crt'), key: file('apiserver.key') });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `${plain ? 'http' : 'https'}://127.0.0.1:${port}`;
  return new WeatherProxy(server, url, plane.url, file('apiserver.crt').toString(), plain?.token);
}

/** The same access to a control plane, through a proxy. */
export function through(proxy: WeatherProxy, access: ClusterAccess): ClusterAccess {
  return { ...access, server: proxy.url };
}
