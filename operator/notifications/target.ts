import type { Secret } from '@backendai-e2e/kube/builtin-resources';
import type { NoticeFormat } from './body.ts';

/** The receiver of notices. */
export interface Target {
  /** Without user and password. */
  url: string;
  /** Header for the user and the password of the URL; undefined: it has none. */
  authorization?: string;
  /** Shared key of the signature; undefined: not signed. */
  key?: string;
  format: NoticeFormat;
}

/** The Secret of the webhook is invalid. The message gives the reason, and never shows a value. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

/**
 * Reads the target from the keys of the Secret. `url` may contain a user and a password. `hmacKey` and `format` (json or slack)
 * are optional.
 */
export function targetOf(secret: Secret | undefined, name: string): Target {
  if (!secret) throw new TargetError(`there is no Secret ${name} with the URL of the webhook`);
  const value = (key: string): string =>
    Buffer.from(secret.data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim();
  const url = URL.parse(value('url'));
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new TargetError(`key "url" of Secret ${name} is not an http or https URL`);
  }
  const format = value('format') || 'json';
  if (format !== 'json' && format !== 'slack') {
    throw new TargetError(`key "format" of Secret ${name} is neither "json" nor "slack"`);
  }
  const key = value('hmacKey');
  const authorization = basicOf(url, name);
  url.username = '';
  url.password = '';
  return { url: url.href, format, ...(authorization ? { authorization } : {}), ...(key ? { key } : {}) };
}

/** The header of the user and the password in a URL. Both are percent-encoded there. */
function basicOf({ username, password }: URL, name: string): string | undefined {
  if (!username && !password) return undefined;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch (cause) {
    throw new TargetError(
      `the user or the password in key "url" of Secret ${name} has a "%" that encodes nothing: write it as %25`,
      { cause },
    );
  }
}
