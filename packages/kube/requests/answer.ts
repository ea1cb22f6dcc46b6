import { isRecord } from '../objects/is-record.ts';
import { ApiError } from './api-error.ts';
import { retryAfterSeconds, type TryOutcome } from './retry.ts';

/** The fields of metav1.Status that an error uses. */
interface StatusBody {
  code?: number;
  reason?: string;
  message?: string;
  details?: { retryAfterSeconds?: number };
}

/** Characters to show of an answer that is not a metav1.Status, such as the page of a proxy. */
const FOREIGN_CHARACTERS = 300;

/** Converts an answer to an error. `body` is its text, `retryAfter` the header. Pure. */
export function answerError(
  what: string,
  code: number,
  body: string,
  retryAfter: string | undefined,
  now: Date,
): ApiError {
  const status = parseStatus(body);
  return new ApiError({
    what,
    code,
    reason: status?.reason || reasonOfCode(code),
    message: status?.message || body.slice(0, FOREIGN_CHARACTERS).trim() || 'no explanation given',
    retryAfterSeconds: retryAfterSeconds(retryAfter, now) ?? status?.details?.retryAfterSeconds,
  });
}

/** Converts a watch line of type ERROR, whose object is a metav1.Status, to an error. */
export function watchError(what: string, object: unknown): ApiError {
  const status: StatusBody = isRecord(object) ? object : {};
  return new ApiError({
    what,
    code: status.code ?? 500,
    reason: status.reason ?? 'Unknown',
    message: status.message ?? 'the watch reported an error without a message',
    retryAfterSeconds: status.details?.retryAfterSeconds,
  });
}

/** Codes of a connection that was not established: nothing was sent. */
const REFUSED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Node's codes for an untrusted certificate: a retry does not help. */
const UNTRUSTED = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/;

/** Classifies an error of the connection. Undefined: not about the connection, or final. Pure. */
export function connectionOutcome(error: unknown): TryOutcome | undefined {
  const code = errorCode(error);
  if (code === undefined || UNTRUSTED.test(code)) return undefined;
  if (REFUSED.has(code)) return { kind: 'refused' };
  if (code.startsWith('UND_ERR_INVALID') || code === 'UND_ERR_NOT_SUPPORTED') return undefined;
  return { kind: 'broken' };
}

/** The code of a system or undici error, or of its first cause that has one. */
function errorCode(error: unknown): string | undefined {
  for (let current = error; isRecord(current); current = current.cause) {
    if (typeof current.code === 'string') return current.code;
  }
  return undefined;
}

function parseStatus(body: string): StatusBody | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) && parsed.kind === 'Status' ? parsed : undefined;
  } catch {
    // Not JSON: a proxy answered, and its text is shown instead.
    return undefined;
  }
}

function reasonOfCode(code: number): string {
  const reasons: Record<number, string> = {
    400: 'BadRequest',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Gone',
    422: 'Invalid',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return reasons[code] ?? 'Unknown';
}
