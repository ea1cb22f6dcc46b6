import { createInterface } from 'node:readline';
import { API_VERSION, FIELD_MANAGERS, type ObjectMeta } from '@backendai-e2e/api/group';
import { applyBody } from '@backendai-e2e/kube/apply-body';
import { Agent, type Dispatcher, errors, ProxyAgent, request } from 'undici';
import type { Access } from './kubeconfig.ts';

/** An answer of the API server that is not a success, with its own sentence. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  /** metav1.Status.reason, for example "NotFound" or "Invalid". */
  readonly reason: string;
  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** The API server could not be spoken to at all. */
export class ClusterUnreachable extends Error {
  override readonly name = 'ClusterUnreachable';
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}
export interface KubeList<T> {
  metadata: { resourceVersion: string; continue?: string };
  items: T[];
}
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}
export type Query = Record<string, string | number | boolean | undefined>;

/** What a request may have besides its path. */
interface RequestMore {
  body?: string;
  contentType?: string;
  headers?: Record<string, string>;
  bodyTimeout?: number;
}

/** Seconds that a request may take to answer; the API server itself gives up after 60. */
const ANSWER_TIMEOUT_MS = 65_000;
/** The API server ends a watch after this; shorter than its own default of 30 to 60 min, so that a dead one is noticed. */
const WATCH_SECONDS = 240;

/**
 * A plain client of one API server: objects pass through exactly as the server holds them (run.json depends on
 * that), over one keep-alive connection pool. Errors are ApiError, ClusterUnreachable or the reason of the signal.
 */
export class ClusterClient {
  #agent: Dispatcher;
  #access: Access;

  constructor(access: Access) {
    this.#access = access;
    this.#agent = agentFor(access);
  }

  /** Address of the API server. */
  get server(): string {
    return this.#access.server;
  }

  get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return this.#json<T>('GET', path, query, signal);
  }

  create<T>(path: string, body: unknown, signal?: AbortSignal, more: Query = {}): Promise<T> {
    const query = { fieldManager: FIELD_MANAGERS.cli, ...more };
    return this.#json<T>('POST', path, query, signal, JSON.stringify(body), 'application/json');
  }

  /** Server-side apply under the command's field manager; takes over fields that others set. */
  apply<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const query = { fieldManager: FIELD_MANAGERS.cli, force: true };
    return this.#json<T>('PATCH', path, query, signal, applyBody(body), 'application/apply-patch+yaml');
  }

  mergePatch<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const query = { fieldManager: FIELD_MANAGERS.cli };
    return this.#json<T>('PATCH', path, query, signal, JSON.stringify(body), 'application/merge-patch+json');
  }

  delete(path: string, signal?: AbortSignal, query: Query = {}): Promise<unknown> {
    return this.#json('DELETE', path, { propagationPolicy: 'Background', ...query }, signal);
  }

  /** The body as text: container logs. */
  async text(path: string, query: Query = {}, signal?: AbortSignal): Promise<string> {
    const answer = await this.#send('GET', path, query, signal);
    return answer.body.text();
  }

  /** The body as it is, through a proxy of the API server for example. */
  async bytes(path: string, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Buffer> {
    const answer = await this.#send('GET', path, {}, signal, { headers });
    return Buffer.from(await answer.body.arrayBuffer());
  }

  /** Events from a resourceVersion on, until the server ends the watch. Throws ApiError 410 when that is too old. */
  async *watch<T>(path: string, query: Query, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const answer = await this.#send(
      'GET',
      path,
      { ...query, watch: true, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS },
      signal,
      { bodyTimeout: (WATCH_SECONDS + 10) * 1000 },
    );
    const lines = createInterface({ input: answer.body, crlfDelay: Number.POSITIVE_INFINITY });
    try {
      for await (const line of lines) {
        const event = JSON.parse(line) as WatchEvent<T>;
        if (event.type === 'ERROR') throw errorOf(event.object as StatusBody, 0);
        yield event;
      }
    } catch (error) {
      throw asClusterError(error, path, signal);
    } finally {
      lines.close();
      answer.body.destroy();
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #json<T>(
    method: Dispatcher.HttpMethod,
    path: string,
    query: Query,
    signal?: AbortSignal,
    body?: string,
    contentType?: string,
  ): Promise<T> {
    const answer = await this.#send(method, path, query, signal, {
      ...(body === undefined ? {} : { body }),
      ...(contentType ? { contentType } : {}),
    });
    return (await answer.body.json()) as T;
  }

  async #send(
    method: Dispatcher.HttpMethod,
    path: string,
    query: Query,
    signal?: AbortSignal,
    more: RequestMore = {},
  ): Promise<Dispatcher.ResponseData> {
    const answer = await this.#sendOnce(method, path, query, signal, more);
    if (answer.statusCode < 400) return answer;
    const text = await answer.body.text();
    if (answer.statusCode === 401 && (await this.#renewed())) {
      const again = await this.#sendOnce(method, path, query, signal, more);
      if (again.statusCode < 400) return again;
      throw errorOf(parsed(await again.body.text()), again.statusCode);
    }
    throw errorOf(parsed(text), answer.statusCode);
  }

  /** Fetches credentials anew where that is possible; whether it was. */
  async #renewed(): Promise<boolean> {
    const { renew } = this.#access;
    if (!renew) return false;
    const before = this.#access;
    this.#access = await renew();
    if (before.certificate !== this.#access.certificate || before.key !== this.#access.key) {
      const old = this.#agent;
      this.#agent = agentFor(this.#access);
      void old.close();
    }
    return true;
  }

  async #sendOnce(
    method: Dispatcher.HttpMethod,
    path: string,
    query: Query,
    signal: AbortSignal | undefined,
    more: RequestMore,
  ): Promise<Dispatcher.ResponseData> {
    const url = new URL(this.#access.server + path);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    try {
      return await request(url, {
        method,
        dispatcher: this.#agent,
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: more.bodyTimeout ?? ANSWER_TIMEOUT_MS,
        headers: {
          accept: 'application/json',
          ...more.headers,
          ...(more.contentType ? { 'content-type': more.contentType } : {}),
          ...(this.#access.token ? { authorization: `Bearer ${this.#access.token}` } : {}),
          ...(this.#access.impersonate ? { 'impersonate-user': this.#access.impersonate } : {}),
        },
        ...(more.body === undefined ? {} : { body: more.body }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      throw asClusterError(error, path, signal);
    }
  }
}

function agentFor(access: Access): Dispatcher {
  const connect = {
    timeout: 5_000,
    ...(access.ca ? { ca: access.ca } : {}),
    ...(access.certificate ? { cert: access.certificate } : {}),
    ...(access.key ? { key: access.key } : {}),
    ...(access.servername ? { servername: access.servername } : {}),
    ...(access.insecure ? { rejectUnauthorized: false } : {}),
  };
  return access.proxy
    ? new ProxyAgent({ uri: access.proxy, connections: 16, requestTls: connect })
    : new Agent({ connections: 16, connect });
}

/** What the rest of the command sees of the client. */
export type ClusterApi = Pick<
  ClusterClient,
  'get' | 'create' | 'apply' | 'mergePatch' | 'delete' | 'text' | 'bytes' | 'watch' | 'close'
>;

interface StatusBody {
  code?: number;
  reason?: string;
  message?: string;
}

function parsed(text: string): StatusBody {
  try {
    return JSON.parse(text) as StatusBody;
  } catch {
    // A proxy or the log endpoint answers in plain words.
    return { message: text.slice(0, 500) };
  }
}

function errorOf(status: StatusBody, code: number): ApiError {
  return new ApiError(
    status.code ?? code,
    status.reason ?? 'Unknown',
    status.message || `the API server answered ${status.code ?? code}`,
  );
}

function asClusterError(error: unknown, path: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof ApiError) return error;
  const detail = error instanceof Error ? error.message || error.constructor.name : String(error);
  const late = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
  return new ClusterUnreachable(
    `${late ? 'no answer in time' : 'connection failed'} for ${path}: ${detail}`,
    {
      cause: error,
    },
  );
}

/** Path of a collection, or of one object in it: the kinds of packages/api. */
export function resourcePath(plural: string, namespace: string, name?: string): string {
  return `/apis/${API_VERSION}/namespaces/${namespace}/${plural}${name ? `/${name}` : ''}`;
}

/** Path of a collection of the core API, or of something below it. */
export function corePath(namespace: string, ...parts: string[]): string {
  return ['/api/v1/namespaces', namespace, ...parts].join('/');
}
