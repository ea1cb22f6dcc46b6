import type { Secret } from '@backendai-e2e/kube/builtin-resources';
import type { NoticeFormat } from './body.ts';

/** The receiver of notices. */
export interface Target {
  url: string;
  /** Shared key of the signature; undefined: not signed. */
  key?: string;
  format: NoticeFormat;
}

/** The Secret of the webhook is invalid. The message gives the reason, and never shows a value. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

/** Reads the target from the Secret's keys `url`, `hmacKey` (optional) and `format` (json or slack, optional). */
export function targetOf(secret: Secret | undefined, name: string): Target {
  if (!secret) throw new TargetError(`there is no Secret ${name} with the URL of the webhook`);
  const value = (key: string): string =>
    Buffer.from(secret.data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim();
  const url = value('url');
  if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol)) {
    throw new TargetError(`key "url" of Secret ${name} is not an http or https URL`);
  }
  const format = value('format') || 'json';
  if (format !== 'json' && format !== 'slack') {
    throw new TargetError(`key "format" of Secret ${name} is neither "json" nor "slack"`);
  }
  const key = value('hmacKey');
  return { url, format, ...(key ? { key } : {}) };
}
