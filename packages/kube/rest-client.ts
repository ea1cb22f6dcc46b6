import type { ClusterAccess } from './access/cluster-access.ts';
import { applyBody } from './objects/apply-body.ts';
import { watchError } from './requests/answer.ts';
import { Caller } from './requests/caller.ts';
import type { CallOptions, KubeClientOptions, WatchEvent } from './requests/calls.ts';
import type { ApiRequest, Query } from './requests/request.ts';

/** A list as the API server sends it. */
export interface KubeList<T> {
  metadata: { resourceVersion: string; continue?: string };
  items: T[];
}

/** What holds for every call of a {@link RestClient}. */
export interface RestClientOptions extends KubeClientOptions {
  /** Field manager of everything that is created, applied and patched. */
  fieldManager: string;
}

/**
 * Milliseconds without a part of an answer after which the connection counts as broken. The API server gives up a request after
 * 60 s. It sends a bookmark to each watch about once a minute.
 */
const STALL_MS = 65_000;
const WATCH_STALL_MS = 150_000;

/** Seconds after which the API server ends a watch: below its own default of 30 to 60 minutes. */
const WATCH_SECONDS = 240;

/**
 * The client by path instead of by kind, as `kubectl get --raw` is. Objects pass through exactly as the API server holds them.
 * Same transport, retries and errors as KubeClient.
 */
export class RestClient {
  readonly #calls: Caller;
  readonly #access: ClusterAccess;
  readonly #fieldManager: string;

  constructor(access: ClusterAccess, options: RestClientOptions) {
    this.#calls = new Caller(access, options);
    this.#access = access;
    this.#fieldManager = options.fieldManager;
  }

  /** URL of the API server. */
  get server(): string {
    return this.#access.server;
  }

  /** The JSON at a path. Rejects with ApiError, also for 404. */
  get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return this.#calls.json<T>(requestOf('get', 'GET', path, query), { signal });
  }

  /** Creates an object in the collection at a path, and returns it as it is stored. */
  create<T>(path: string, body: unknown, signal?: AbortSignal, more: Query = {}): Promise<T> {
    const query = { fieldManager: this.#fieldManager, ...more };
    const sent = { body: JSON.stringify(body), contentType: 'application/json' };
    return this.#calls.json<T>({ ...requestOf('create', 'POST', path, query), ...sent }, { signal });
  }

  /** Server-side apply; takes over fields that others set. */
  apply<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const query = { fieldManager: this.#fieldManager, force: true };
    const sent = { body: applyBody(body), contentType: 'application/apply-patch+yaml' };
    return this.#calls.json<T>({ ...requestOf('apply', 'PATCH', path, query), ...sent }, { signal });
  }

  /** JSON merge patch (null removes). */
  mergePatch<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const query = { fieldManager: this.#fieldManager };
    const sent = { body: JSON.stringify(body), contentType: 'application/merge-patch+json' };
    return this.#calls.json<T>({ ...requestOf('patch', 'PATCH', path, query), ...sent }, { signal });
  }

  /** Deletes, and what the object owns in the background. Rejects with ApiError, also for 404. */
  delete(path: string, signal?: AbortSignal, query: Query = {}): Promise<unknown> {
    const all = { propagationPolicy: 'Background', ...query };
    return this.#calls.json(requestOf('delete', 'DELETE', path, all), { signal });
  }

  /** The body as text: the log of a container. It may be large. */
  text(path: string, query: Query = {}, signal?: AbortSignal): Promise<string> {
    return this.#calls.text(requestOf('log', 'GET', path, query), behind(signal));
  }

  /** The body as it is, through the API server's proxy to a service for example. It may be large. */
  bytes(path: string, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Buffer> {
    return this.#calls.bytes({ ...requestOf('get', 'GET', path, {}), headers }, behind(signal));
  }

  /** Sends bytes with PUT, through the API server's proxy to a service for example. */
  putBytes(
    path: string,
    body: Buffer,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Buffer> {
    const sent = { body, contentType: 'application/octet-stream', headers };
    return this.#calls.bytes({ ...requestOf('update', 'PUT', path, {}), ...sent }, behind(signal));
  }

  /**
   * Events from a resourceVersion on, until the server ends the watch or the signal aborts.
   * Throws ApiError: isGone when the resourceVersion is too old.
   */
  async *watch<T>(path: string, query: Query, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const all = { ...query, watch: true, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS };
    const request = requestOf('watch', 'GET', path, all);
    for await (const line of this.#calls.lines(request, signal, WATCH_STALL_MS)) {
      const event = line as WatchEvent<T> | { type: 'ERROR'; object: unknown };
      if (event.type === 'ERROR') throw watchError(request.what, event.object);
      yield event;
    }
  }

  /** Closes all connections. Requests in progress fail. */
  close(): Promise<void> {
    return this.#calls.close();
  }
}

/** The public methods of RestClient, for fakes in tests. */
export type RestApi = Pick<
  RestClient,
  'get' | 'create' | 'apply' | 'mergePatch' | 'delete' | 'text' | 'bytes' | 'putBytes' | 'watch' | 'close'
>;

function requestOf(verb: string, method: ApiRequest['method'], path: string, query: Query): ApiRequest {
  return { verb, method, path, query, what: `${verb} ${path}` };
}

/** For answers of kubelets and services behind the API server, which may be large. */
function behind(signal: AbortSignal | undefined): CallOptions {
  return { signal, deadlineMs: STALL_MS, stallMs: STALL_MS, answersAreFinal: true };
}
