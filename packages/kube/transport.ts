import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Clock } from './clock.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { ConfigError } from './config-error.ts';
import type { ApiRequest } from './request.ts';
import { urlPath } from './request.ts';

/**
 * Milliseconds after which credentials are read again. Tokens of service accounts are renewed in their file by the
 * kubelet long before they run out (after 80 % of an hour, by default), so a minute is soon enough.
 */
const CREDENTIALS_MS = 60_000;

/** Idle milliseconds before we close a connection: below the API server's own 90 s, so that we never lose that race. */
const IDLE_MS = 60_000;

/**
 * Connections for ordinary requests; more of these wait their turn. Each costs some 80 KiB here for as long as it is open,
 * which the heap does not give back, and memory at the API server; this many keep a server with two cores busy.
 */
const SHARED_CONNECTIONS = 8;

/** Connections for what holds one for long, or must not wait for others. */
const OWN_CONNECTIONS = 128;

/** Milliseconds for TCP and TLS. */
const CONNECT_MS = 5_000;

/** What client-node says about TLS. */
const TLS_FIELDS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;
type Tls = Pick<ConnectionOptions, (typeof TLS_FIELDS)[number]>;

interface Session {
  headers: Record<string, string>;
  /** For ordinary requests. */
  shared: Dispatcher;
  /** For watches, logs and the lease. */
  own: Dispatcher;
  /** To tell whether the TLS material changed. */
  fingerprint: string;
  readMs: number;
}

/** Limits of one try. */
export interface TryLimits {
  signal: AbortSignal;
  /** Milliseconds until the head of the answer. */
  headersMs: number;
  /** Milliseconds between parts of the body; 0 for no limit (watches have their own watchdog). */
  bodyMs: number;
}

/**
 * The way to the API server: credentials and TLS as a ClusterAccess gives them, over keep-alive pools of
 * connections. (client-node itself makes an agent, and so a TLS handshake, for every request.)
 */
export class Transport {
  readonly #config: ClusterAccess;
  readonly #clock: Clock;
  readonly #origin: string;
  readonly #prefix: string;
  #session: Promise<Session> | undefined;
  #closed = false;

  constructor(config: ClusterAccess, clock: Clock) {
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new ConfigError('The kubeconfig names no cluster for its current context.');
    const url = new URL(cluster.server);
    this.#config = config;
    this.#clock = clock;
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/$/, '');
  }

  /** Sends once. Rejects with what undici throws. */
  async send(request: ApiRequest, limits: TryLimits): Promise<Dispatcher.ResponseData> {
    const session = await this.#credentials();
    const answer = (standsAlone(request) ? session.own : session.shared).request({
      origin: this.#origin,
      path: this.#prefix + urlPath(request.path, request.query),
      method: request.method,
      headers: {
        ...session.headers,
        accept: 'application/json',
        'user-agent': 'backendai-e2e',
        ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
      },
      body: request.body ?? null,
      signal: limits.signal,
      headersTimeout: limits.headersMs,
      bodyTimeout: limits.bodyMs,
      // A watch or a slow request must not hold up another one on its connection.
      blocking: true,
    });
    return withSignal(answer, limits.signal);
  }

  /** Reads the credentials again before the next request: after an answer 401. */
  renewCredentials(): void {
    const session = this.#session;
    if (!session) return;
    this.#session = session.then((current) => ({ ...current, readMs: Number.NEGATIVE_INFINITY }));
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    const session = await this.#session;
    await Promise.all([session?.shared.destroy(), session?.own.destroy()]);
  }

  async #credentials(): Promise<Session> {
    if (this.#closed) throw new ConfigError('The client is closed.');
    const before = this.#session;
    const current = await before;
    if (current && this.#clock.monotonicMs() - current.readMs < CREDENTIALS_MS) return current;
    // Several requests may get here at once: only the first reads, the others wait for it.
    if (this.#session === before) {
      this.#session = this.#read(current);
      this.#session.catch(() => {
        this.#session = before;
      });
    }
    return this.#session ?? this.#read(current);
  }

  async #read(before: Session | undefined): Promise<Session> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const tls: Tls = {};
    for (const field of TLS_FIELDS) {
      if (options[field] !== undefined) Object.assign(tls, { [field]: options[field] });
    }
    const fingerprint = Object.entries(tls)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join('\n');
    const headers = headersOf(options);
    const readMs = this.#clock.monotonicMs();
    if (before?.fingerprint === fingerprint) return { ...before, headers, readMs };
    // The old pool is left to its running requests; its idle connections end by themselves.
    const [shared, own] = [this.#pool(tls, SHARED_CONNECTIONS), this.#pool(tls, OWN_CONNECTIONS)];
    return { headers, shared, own, fingerprint, readMs };
  }

  #pool(tls: Tls, connections: number): Dispatcher {
    const cluster = this.#config.getCurrentCluster();
    // HTTP/1.1, a connection for each request under way: over one HTTP/2 connection a stall would stop every watch at once.
    const pool = {
      connections,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      allowH2: false,
    };
    if (!cluster?.proxyUrl) return new Agent({ ...pool, connect: { ...tls, timeout: CONNECT_MS } });
    if (cluster.proxyUrl.startsWith('socks')) {
      throw new ConfigError(
        `Proxies of this kind are not supported: ${cluster.proxyUrl}. Use an HTTP proxy.`,
      );
    }
    return new ProxyAgent({ ...pool, uri: cluster.proxyUrl, requestTls: tls });
  }
}

/**
 * Whether a request must have a connection at once: a watch lasts for minutes, a log comes from a kubelet that may be away,
 * and a lease that is not renewed in time is lost.
 */
function standsAlone({ verb, path }: ApiRequest): boolean {
  return verb === 'watch' || verb === 'log' || path.startsWith('/apis/coordination.k8s.io/');
}

/**
 * undici heeds the signal of a request only once it has a connection for it; until then this ends the wait. A later answer
 * is then dropped by undici itself.
 */
function withSignal<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined) headers[name.toLowerCase()] = String(value);
  }
  return headers;
}
