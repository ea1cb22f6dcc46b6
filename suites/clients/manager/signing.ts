import { createHash, createHmac } from 'node:crypto';
import type { Signer } from '../http/api.ts';

/** API version that is signed and sent; the newest that Backend.AI 26.9.6 knows (ai.backend.manager.api). */
export const API_VERSION = 'v9.20250722';

/** A key pair of Backend.AI. */
export interface KeyPair {
  accessKey: string;
  secretKey: string;
}

/** The signed parts of a request. The body is not signed. */
export interface Signable {
  method: string;
  /** Path with query string, percent-encoded exactly as sent. */
  path: string;
  /** Host header as sent, with the port unless it is the scheme's own. */
  host: string;
  /** Content type without parameters. */
  contentType: string;
  /** ISO 8601, as sent in the Date header. The server accepts it within 15 minutes. */
  date: string;
}

/**
 * The Authorization header of the manager's API: HMAC-SHA256 over seven lines. Its key comes from the secret key, the UTC day and
 * the host (ai.backend.common.auth.utils.generate_signature, verified against it in the spec).
 * @param signable date must be in UTC, because the day in the key is that of the date's own zone
 */
export function authorization(signable: Signable, keyPair: KeyPair): string {
  const { method, path, host, contentType, date } = signable;
  const text = [
    method.toUpperCase(),
    path,
    date,
    `host:${host}`,
    `content-type:${contentType.toLowerCase()}`,
    `x-backendai-version:${API_VERSION}`,
    createHash('sha256').digest('hex'),
  ].join('\n');
  const day = date.slice(0, 10).replaceAll('-', '');
  const dayKey = createHmac('sha256', keyPair.secretKey).update(day).digest();
  const key = createHmac('sha256', dayKey).update(host).digest();
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `BackendAI signMethod=HMAC-SHA256, credential=${keyPair.accessKey}:${signature}`;
}

/** Signs requests for the manager's API. */
export function signedBy(keyPair: KeyPair): Signer {
  return (request) => {
    const date = new Date().toISOString();
    return {
      date,
      'x-backendai-version': API_VERSION,
      authorization: authorization({ ...request, date }, keyPair),
    };
  };
}
