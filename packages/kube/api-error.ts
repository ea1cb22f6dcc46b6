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

/** A request to the API server that did not succeed. The message carries what was asked and what was answered. */
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

/** The object is not there (404). */
export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 404;
}

/** The request makes no sense to this server (400): a field selector for a field that it cannot select by. */
export function isBadRequest(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 400;
}

/** Another writer was first, or another field manager owns a field (409 Conflict). */
export function isConflict(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason === 'Conflict';
}

/** An object of that name exists (409 AlreadyExists). */
export function isAlreadyExists(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists';
}

/** The API server refuses the object as it is (422 Invalid, 400 BadRequest): no retry can help. */
export function isInvalid(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.code === 422 || error.code === 400);
}

/** Not allowed (403): RBAC, quota, an admission rule, or a namespace that is going away. */
export function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 403;
}

/** The resourceVersion is too old for a watch or a page (410 Gone or Expired). */
export function isGone(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 410;
}
