import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { ConfigError } from './config-error.ts';

/** Where a pod finds its own identity; the path is fixed by Kubernetes. */
const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * For development only: URL of an API server that wants no token, for example that of `kubectl proxy`.
 * In a pod the API server is found as Kubernetes says.
 */
const API_SERVER_ENV = 'E2E_API_SERVER';

/** The API server as the pod sees it. `token` is read again for every request, because the kubelet rotates it. */
export interface PodApiServer {
  url: string;
  ca?: string;
  token?: () => string;
}

/**
 * Finds the API server and the pod's credentials in the environment of the process.
 * Throws {@link ConfigError} when this is not a pod and E2E_API_SERVER is not set.
 */
export function podApiServer(env: NodeJS.ProcessEnv): PodApiServer {
  const url = env[API_SERVER_ENV];
  if (url) return { url };
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  if (!host || !port) {
    throw new ConfigError(
      `cannot find the API server: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside a pod set ${API_SERVER_ENV}`,
    );
  }
  try {
    return {
      url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ca: readFileSync(join(SERVICE_ACCOUNT_DIR, 'ca.crt'), 'utf8'),
      token: () => readFileSync(join(SERVICE_ACCOUNT_DIR, 'token'), 'utf8').trim(),
    };
  } catch (error) {
    throw new ConfigError(`cannot read the service account of the pod: ${String(error)}`, { cause: error });
  }
}

/** One request to the API server may take this long, milliseconds. */
const REQUEST_MS = 5_000;

/** What the API server answered: HTTP status and body. */
export interface PodAnswer {
  code: number;
  text: string;
}

/**
 * Requests to the API server over kept-alive connections, with the token of the pod's account. Plain HTTP on purpose: every
 * suite's pod starts with it, and undici alone adds 60 ms and 20 MiB to that start (KubeClient: 50 MiB).
 */
export class PodConnection {
  readonly #server: PodApiServer;
  readonly #secure: boolean;
  readonly #agent: http.Agent;

  /** @param maxSockets connections at once; unlimited by default */
  constructor(server: PodApiServer, maxSockets: number = Number.POSITIVE_INFINITY) {
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
  send(method: string, path: string, body?: { type: string; text: string }): Promise<PodAnswer> {
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
