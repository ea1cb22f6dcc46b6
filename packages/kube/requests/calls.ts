import type { Clock } from '../clock.ts';
import type { Resource } from '../objects/object.ts';

/** What holds for every call of a client. */
export interface KubeClientOptions {
  clock?: Clock;
  /** Milliseconds for one call with all its retries, unless the call says otherwise. Default 30 000. */
  deadlineMs?: number;
  /** Called after each try: verb, HTTP code (0: no answer), seconds. For metrics. */
  onRequest?: (seen: { verb: string; code: number; seconds: number }) => void;
  /**
   * Called for each try of a write, before its first byte is sent, with the write in words. Throws to refuse it: the call
   * rejects with that error.
   */
  beforeWrite?: (what: string) => void;
}

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call, which rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for the call with all its retries. */
  deadlineMs?: number | undefined;
  /**
   * For large answers: milliseconds for the head of the answer, and then between two parts of its body. The body as a whole has
   * no limit. Replaces the deadline once the answer has begun.
   */
  stallMs?: number | undefined;
  /**
   * The answer comes from behind the API server (a kubelet, a service): an error of its own is final. Requests without an
   * answer are repeated all the same. Default false.
   */
  answersAreFinal?: boolean | undefined;
}

/** Which objects of a kind are meant. Selectors have the syntax of the API server. */
export interface ListQuery {
  /** Default: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

/** How a list is fetched. */
export interface ListOptions<T = unknown> extends CallOptions {
  /** Objects a page; all pages are fetched. Default 500. */
  pageSize?: number | undefined;
  /**
   * Reduces each object, page by page, so that at most one page is in memory in full. Undefined drops the object. The
   * objects have their apiVersion and kind. Default: the whole object.
   */
  keep?: ((object: T) => T | undefined) | undefined;
}

/** All pages of a list. */
export interface ObjectList<T> {
  items: T[];
  /** Start of the next watch. */
  resourceVersion: string;
}

/** How an object is applied on the server (server-side apply). */
export interface ApplyOptions extends CallOptions {
  fieldManager: string;
  /** Takes over fields of other managers. Default false: a conflict is an error (isConflict). */
  force?: boolean;
}

/** What a merge patch changes, and in whose name. */
export interface PatchOptions extends CallOptions {
  fieldManager?: string;
  subresource?: 'status' | 'scale' | 'ephemeralcontainers';
}

/** The conditions and the manner of a deletion (meta/v1 DeleteOptions). */
export interface DeleteOptions extends CallOptions {
  /** Delete only the object with this UID (409 Conflict otherwise). */
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  /** How the owned objects are deleted. Default Background. */
  propagation?: 'Background' | 'Foreground' | 'Orphan';
  gracePeriodSeconds?: number;
}

/** Which objects are watched, and from which version on. */
export interface WatchQuery extends ListQuery {
  resourceVersion: string;
  /** Seconds after which the API server ends the watch. */
  timeoutSeconds?: number;
}

/** One line of a watch. A bookmark has only metadata.resourceVersion. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** A kind that the API server serves. */
export interface ServedKind extends Resource {
  namespaced: boolean;
}

/** The part of a container's log that is fetched (core/v1 PodLogOptions). */
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
