import type { Clock } from './clock.ts';
import type { Resource } from './object.ts';

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
  /**
   * For large answers: milliseconds for the head of the answer, and then between two parts of its body, which may take
   * as long as it needs. Replaces the deadline once the answer has begun.
   */
  stallMs?: number | undefined;
  /**
   * The answer comes from behind the API server (a kubelet, a service): an error of its own is final. Requests without an
   * answer are repeated all the same. Default false.
   */
  answersAreFinal?: boolean | undefined;
}

export interface ListQuery {
  /** Left out: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface ListOptions<T = unknown> extends CallOptions {
  /** Objects a page; all pages are fetched. Default 500. */
  pageSize?: number | undefined;
  /**
   * What is kept of each object, page by page, so that never more than one page is held whole; undefined: nothing. It gets
   * apiVersion and kind with the object. Default: all of it.
   */
  keep?: ((object: T) => T | undefined) | undefined;
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
  subresource?: 'status' | 'scale' | 'ephemeralcontainers';
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

/** A kind that the API server serves. */
export interface ServedKind extends Resource {
  namespaced: boolean;
}

export interface LogQuery {
  container?: string;
  /** Lines from the end. */
  tailLines?: number;
  /** Lines since then, RFC 3339. */
  sinceTime?: string;
  /** Bytes at most. */
  limitBytes?: number;
  previous?: boolean;
  timestamps?: boolean;
}
