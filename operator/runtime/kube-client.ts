import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.ts';
import type { Intent, KubeObject, ObjectName, Resource } from './kube-object.ts';

export interface KubeClientOptions {
  clock?: Clock;
  /** Milliseconds for one call with all its retries, unless the call says otherwise. Default 30 000. */
  deadlineMs?: number;
  /** Called for each answer: HTTP verb, code (0: none), seconds. For metrics. */
  onRequest?: (seen: { verb: string; code: number; seconds: number }) => void;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for the call with all its retries. */
  deadlineMs?: number | undefined;
}

export interface ListQuery {
  /** Left out: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface ListOptions extends CallOptions {
  /** Objects a page; all pages are fetched. Default 500. */
  pageSize?: number;
}

export interface ObjectList<T> {
  items: T[];
  /** Where a watch continues. */
  resourceVersion: string;
}

export interface ApplyOptions extends CallOptions {
  fieldManager: string;
  /** Take fields from other managers. Default false: a conflict is an error (isConflict). */
  force?: boolean;
}

export interface PatchOptions extends CallOptions {
  fieldManager?: string;
  subresource?: 'status' | 'scale';
}

export interface DeleteOptions extends CallOptions {
  /** Delete only this very object (409 Conflict otherwise). */
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  /** What becomes of what it owns. Default Background. */
  propagation?: 'Background' | 'Foreground' | 'Orphan';
  gracePeriodSeconds?: number;
}

export interface WatchQuery extends ListQuery {
  resourceVersion: string;
  /** Seconds after which the API server ends the watch. */
  timeoutSeconds?: number;
}

/** One line of a watch. A bookmark only carries metadata.resourceVersion. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

export interface LogQuery {
  container?: string;
  /** Lines from the end. */
  tailLines?: number;
  /** Bytes at most. */
  limitBytes?: number;
  previous?: boolean;
  timestamps?: boolean;
}

/** Where the API server and the credentials come from. */
export interface ConfigSource {
  /** Path of a kubeconfig file. Left out: $KUBECONFIG, else the service account of this pod, else ~/.kube/config. */
  kubeconfig?: string | undefined;
  /** Context of the kubeconfig; left out: its current one. */
  context?: string | undefined;
}

/**
 * Reads a kubeconfig file or the pod's service account.
 * Throws ConfigError with the path or the contexts that exist.
 */
export function loadKubeConfig(_source: ConfigSource = {}): KubeConfig {
  throw new Error('not written yet');
}

/**
 * A thin typed client over any kind. Credentials and TLS come from client-node's KubeConfig; requests go through one
 * keep-alive connection pool. Calls reject with ApiError. Safe requests are retried (retry.ts) until the call's deadline.
 */
export class KubeClient {
  constructor(_config: KubeConfig, _options: KubeClientOptions = {}) {
    throw new Error('not written yet');
  }

  /** The object, or undefined when there is none. */
  get<T extends KubeObject>(
    _resource: Resource<T>,
    _at: ObjectName,
    _options?: CallOptions,
  ): Promise<T | undefined> {
    throw new Error('not written yet');
  }

  /** All objects that match, page by page. */
  list<T extends KubeObject>(
    _resource: Resource<T>,
    _query?: ListQuery,
    _options?: ListOptions,
  ): Promise<ObjectList<T>> {
    throw new Error('not written yet');
  }

  /** Creates the object. Rejects with isAlreadyExists when the name is taken (also by a lost first try of this call). */
  create<T extends KubeObject>(
    _resource: Resource<T>,
    _object: Intent<T>,
    _options?: CallOptions,
  ): Promise<T> {
    throw new Error('not written yet');
  }

  /** Server-side apply: creates the object or makes the given fields so, and returns it. */
  apply<T extends KubeObject>(
    _resource: Resource<T>,
    _object: Intent<T>,
    _options: ApplyOptions,
  ): Promise<T> {
    throw new Error('not written yet');
  }

  /** Server-side apply to the status subresource. 404 when the object is not there. */
  applyStatus<T extends KubeObject>(
    _resource: Resource<T>,
    _object: Intent<T>,
    _options: ApplyOptions,
  ): Promise<T> {
    throw new Error('not written yet');
  }

  /** JSON merge patch (null removes). Put metadata.resourceVersion in it to be refused when somebody was first. */
  mergePatch<T extends KubeObject>(
    _resource: Resource<T>,
    _at: ObjectName,
    _patch: object,
    _options?: PatchOptions,
  ): Promise<T> {
    throw new Error('not written yet');
  }

  /** Replaces the object; metadata.resourceVersion, when given, must be the current one (isConflict otherwise). */
  replace<T extends KubeObject>(_resource: Resource<T>, _object: T, _options?: CallOptions): Promise<T> {
    throw new Error('not written yet');
  }

  /** Deletes. True when it was there, false when it was gone already (404 is no error). */
  delete(_resource: Resource, _at: ObjectName, _options?: DeleteOptions): Promise<boolean> {
    throw new Error('not written yet');
  }

  /**
   * The raw watch, with bookmarks, until the server ends it (the generator returns), the signal aborts (it returns too)
   * or something breaks (it throws; isGone when the resourceVersion is too old). No retries: the informer does those.
   */
  watch<T extends KubeObject>(
    _resource: Resource<T>,
    _query: WatchQuery,
    _signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void> {
    throw new Error('not written yet');
  }

  /** Log of a pod's container as text, without following. */
  podLogs(_pod: ObjectName, _query?: LogQuery, _options?: CallOptions): Promise<string> {
    throw new Error('not written yet');
  }

  /** Closes idle connections and ends what is under way. */
  close(): Promise<void> {
    throw new Error('not written yet');
  }
}
