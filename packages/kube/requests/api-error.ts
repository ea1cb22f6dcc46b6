/** Fields of an ApiError. */
export interface ApiFailure {
  /** HTTP status; 0 when there was no answer at all (connection, deadline). */
  code: number;
  /** Reason of the metav1.Status, for example "AlreadyExists", "Conflict", "Invalid"; "NoAnswer" or "Deadline" for code 0. */
  reason: string;
  /** What the API server said. */
  message: string;
  /** The request in words: "patch testruns/status default/nightly". */
  what: string;
  /** Seconds of the Retry-After header or of Status.details, when given. */
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** A request to the API server that failed. The message names the request and the answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  /** The request in words: "patch testruns/status default/nightly". */
  readonly what: string;
  /** What the API server said, without the request. */
  readonly detail: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(failure: ApiFailure) {
    super(
      `${failure.what}: ${failure.reason}${failure.code > 0 ? ` (HTTP ${failure.code})` : ''}: ${failure.message}`,
      failure.cause === undefined ? undefined : { cause: failure.cause },
    );
    this.code = failure.code;
    this.reason = failure.reason;
    this.what = failure.what;
    this.detail = failure.message;
    this.retryAfterSeconds = failure.retryAfterSeconds;
  }
}

/** The API server did not answer: no connection, a broken one, or no answer before the deadline. */
export function isUnreachable(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 0 && UNREACHABLE.has(error.reason);
}

/** Reasons of an ApiError without an answer. */
const UNREACHABLE = new Set(['NoAnswer', 'Deadline']);

/** The API server failed (5xx), or the connection broke before its answer. It may have acted on the request all the same. */
export function mayHaveActed(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.code >= 500 || error.reason === 'NoAnswer');
}

/** The object does not exist (404). */
export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 404;
}

/** The server does not understand the request (400), for example a field selector that it does not support. */
export function isBadRequest(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 400;
}

/** Another writer was faster, or another field manager owns a field (409 Conflict). */
export function isConflict(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason === 'Conflict';
}

/** An object of that name exists (409 AlreadyExists). */
export function isAlreadyExists(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists';
}

/** The API server refuses the object (422 Invalid, 400 BadRequest). A retry does not help. */
export function isInvalid(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.code === 422 || error.code === 400);
}

/** How RBAC begins its refusal; a quota, a policy or a webhook words it otherwise. */
const WITHOUT_RIGHTS = /^\S+( "[^"]*")? is forbidden: user "/i;
/** A webhook chooses the code of its refusal. */
const DENIED = /^admission webhook "[^"]*" denied the request/;

/** Whether RBAC refused the request: the caller lacks the right, or may not grant it. Other 403 answers concern the object. */
export function lacksRights(error: unknown): error is ApiError {
  return isForbidden(error) && WITHOUT_RIGHTS.test(error.detail);
}

/**
 * The API server refuses the object for what it holds or where it goes. It is invalid or too large, or a quota, a policy or a
 * webhook forbids it. A retry does not help. Missing rights of the caller are no such refusal: they may arrive.
 */
export function isRefused(error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  if ([400, 413, 422].includes(error.code) || DENIED.test(error.detail)) return true;
  return error.code === 403 && !lacksRights(error);
}

/** Forbidden (403) by RBAC, a quota, an admission rule, or because the namespace is terminating. */
export function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 403;
}

/** The resourceVersion is too old for a watch or a page (410 Gone or Expired). */
export function isGone(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 410;
}
