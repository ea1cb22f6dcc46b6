import type { Dispatcher } from 'undici';
import requestOver from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import type { ClusterAccess, Credentials, Tls } from '../access/cluster-access.ts';
import { ConfigError } from '../access/config-error.ts';
import type { Clock } from '../clock.ts';
import type { ApiRequest } from './request.ts';
import { urlPath } from './request.ts';

/**
 * Milliseconds after which credentials are read again. A minute is enough. The kubelet renews the token of a service account long
 * before it expires: by default, after 80 % of an hour.
 */
const CREDENTIALS_MS = 60_000;

/** Idle milliseconds before the client closes a connection: fewer than the API server's 90 s, so that it is first. */
const IDLE_MS = 60_000;

/**
 * Connections for ordinary requests. Further requests wait. An open connection costs about 80 KiB here, which the heap
 * does not return, and memory at the API server. Eight keep an API server with two cores busy.
 */
const SHARED_CONNECTIONS = 8;

/** Connections for requests that last long, or must not wait for others. */
const OWN_CONNECTIONS = 128;

/** Milliseconds to connect, with TLS. */
const CONNECT_MS = 5_000;

/** Credentials, and the connections that were made with them. */
interface Session {
  headers: Credentials['headers'];
  /** For ordinary requests. */
  shared: Dispatcher;
  /** For watches, logs and the lease. */
  own: Dispatcher;
  /** Shows whether the TLS material has changed. */
  fingerprint: string;
  /** Monotonic milliseconds until which the credentials count as good. */
  untilMs: number;
}

/** Limits of one try. */
export interface TryLimits {
  signal: AbortSignal;
  /** Milliseconds until the head of the answer; 0 for no limit. */
  headersMs: number;
  /** Milliseconds between two parts of the body; 0 for no limit. The informer has its own watchdog. */
  bodyMs: number;
  /** Called when a connection takes the request, before its first byte. Throws to send nothing: `send` rejects with it. */
  beforeSend: () => void;
}

/** What a request is sent with; see Transport.session. */
export type Sender = Pick<Session, 'headers' | 'shared' | 'own'>;

/** The way to the API server: credentials and TLS as a ClusterAccess gives them, over keep-alive pools of connections. */
export class Transport {
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #origin: string;
  readonly #prefix: string;
  #session: Promise<Session> | undefined;
  #refused: Sender | undefined;
  #closed = false;

  constructor(access: ClusterAccess, clock: Clock) {
    const url = new URL(access.server);
    this.#access = access;
    this.#clock = clock;
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/$/, '');
  }

  /** Sends once. Rejects with what undici throws. */
  async send(sender: Sender, request: ApiRequest, limits: TryLimits): Promise<Dispatcher.ResponseData> {
    const pool = standsAlone(request) ? sender.own : sender.shared;
    const answer = requestOver.call(asking(pool, limits.beforeSend), {
      origin: this.#origin,
      path: this.#prefix + urlPath(request.path, request.query),
      method: request.method,
      headers: {
        ...sender.headers,
        accept: 'application/json',
        'user-agent': 'backendai-e2e',
        ...request.headers,
        ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
      },
      body: request.body ?? null,
      signal: limits.signal,
      headersTimeout: limits.headersMs,
      bodyTimeout: limits.bodyMs,
      // A watch or a slow request must not delay another one on its connection.
      blocking: true,
    });
    return withSignal(answer, limits.signal);
  }

  /**
   * The credentials to send the next request with. They are read again when they expire, when they were refused, and
   * after a minute. Rejects with ConfigError when they cannot be had, or with the signal's reason. A login may wait for
   * a person: this is no part of a request's deadline.
   */
  session(signal?: AbortSignal): Promise<Sender> {
    return signal ? withSignal(this.#current(), signal) : this.#current();
  }

  /** Marks credentials that were answered with 401. They are read again once, however many requests report them. */
  refuse(sender: Sender): void {
    this.#refused = sender;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    // Credentials that cannot be had leave no connection to close.
    const session = await this.#session?.catch(() => undefined);
    await Promise.all([session?.shared.destroy(), session?.own.destroy()]);
  }

  async #current(): Promise<Session> {
    if (this.#closed) throw new ConfigError('The client is closed.');
    const before = this.#session;
    const current = await before;
    const refused = current !== undefined && current === this.#refused;
    if (current && !refused && this.#clock.monotonicMs() < current.untilMs) return current;
    // Of several requests at once, only the first reads. The others wait for it.
    if (this.#session === before) {
      this.#session = this.#read(current, refused);
      this.#session.catch(() => {
        this.#session = before;
      });
    }
    return this.#session ?? this.#read(current, refused);
  }

  async #read(before: Session | undefined, refused: boolean): Promise<Session> {
    const { headers, tls, expiresAt } = await this.#access.credentials(refused);
    const goodMs = expiresAt ? expiresAt.getTime() - this.#clock.now().getTime() : CREDENTIALS_MS;
    const untilMs = this.#clock.monotonicMs() + Math.min(goodMs, CREDENTIALS_MS);
    const fingerprint = Object.entries(tls)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join('\n');
    if (before?.fingerprint === fingerprint) return { ...before, headers, untilMs };
    // The old pool finishes its requests. Its idle connections close after a minute.
    const shared = await this.#pool(tls, SHARED_CONNECTIONS);
    const own = await this.#pool(tls, OWN_CONNECTIONS);
    return { headers, shared, own, fingerprint, untilMs };
  }

  async #pool(tls: Tls, connections: number): Promise<Dispatcher> {
    // HTTP/1.1 with one connection a request: over a single HTTP/2 connection, one stall would stop every watch.
    const pool = {
      connections,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      allowH2: false,
    };
    const { proxy } = this.#access;
    if (!proxy) return new Agent({ ...pool, connect: { ...tls, timeout: CONNECT_MS } });
    // Only people's machines have proxies: pods do not load this part.
    const { ProxyAgent } = await import('undici');
    return new ProxyAgent({ ...pool, uri: proxy, requestTls: tls, connectTimeout: CONNECT_MS });
  }
}

/**
 * Whether a request must not wait for a connection. A watch lasts minutes, and a log comes from a kubelet that may not answer. A
 * lease that is not renewed in time is lost.
 */
function standsAlone({ verb, path }: ApiRequest): boolean {
  return verb === 'watch' || verb === 'log' || path.startsWith('/apis/coordination.k8s.io/');
}

/**
 * A dispatcher that asks before it writes a request. A request waits until a connection is open and free. A process that
 * is frozen meanwhile would send at its wake what it may send no longer.
 */
function asking(pool: Dispatcher, beforeSend: () => void): Dispatcher {
  const dispatch: Dispatcher['dispatch'] = (options, handler) => {
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      beforeSend();
      start?.(controller, context);
    };
    return pool.dispatch(options, handler);
  };
  return Object.assign(Object.create(pool), { dispatch });
}

/**
 * Rejects as soon as the signal aborts. The signal of a request reaches undici only once it has a connection.
 * It drops an answer that arrives later.
 */
function withSignal<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
