import http from 'node:http';
import https from 'node:https';
import type { ApiServer } from '../runner/settings.ts';

/** One request to the API server may take this long, milliseconds. */
const REQUEST_MS = 5_000;

/** What the API server answered: HTTP status and body. */
export interface ApiServerAnswer {
  code: number;
  text: string;
}

/**
 * Requests to the API server over kept-alive connections, with the token of the pod's account. Plain HTTP on purpose: a
 * Kubernetes client library would cost half a second and 120 MB at every start of a suite.
 */
export class ApiServerConnection {
  readonly #server: ApiServer;
  readonly #secure: boolean;
  readonly #agent: http.Agent;

  /** @param maxSockets connections at once; unlimited by default */
  constructor(server: ApiServer, maxSockets: number = Number.POSITIVE_INFINITY) {
    this.#server = server;
    this.#secure = server.url.startsWith('https:');
    this.#agent = this.#secure
      ? new https.Agent({ keepAlive: true, maxSockets, ca: server.ca })
      : new http.Agent({ keepAlive: true, maxSockets });
  }

  /**
   * Sends one request; resolves for any status. Rejects with the error of the connection, or when no answer came in 5 s.
   * @param path with its query
   */
  send(method: string, path: string, body?: { type: string; text: string }): Promise<ApiServerAnswer> {
    const token = this.#server.token?.();
    return new Promise((resolve, reject) => {
      const outgoing = (this.#secure ? https : http).request(new URL(path, this.#server.url), {
        method,
        agent: this.#agent,
        signal: AbortSignal.timeout(REQUEST_MS),
        headers: {
          accept: 'application/json',
          ...(body ? { 'content-type': body.type, 'content-length': Buffer.byteLength(body.text) } : {}),
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
      });
      outgoing.once('error', reject);
      outgoing.once('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () =>
          resolve({ code: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.end(body?.text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
