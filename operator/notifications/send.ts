import { ConfigError } from '@backendai-e2e/kube/config-error';
import { proxyFor } from '@backendai-e2e/kube/proxy';
import { bodyOf, signatureOf, standardSignatureOf, type WebhookNotice } from './body.ts';
import type { Target } from './target.ts';

/** Headers of every notice as Standard Webhooks names them, for receivers with one of their libraries. */
const STANDARD_HEADERS = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
} as const;

/** Headers of every notice. */
const NOTICE_HEADERS = {
  id: 'x-backendai-e2e-delivery',
  timestamp: 'x-backendai-e2e-timestamp',
  signature: 'x-backendai-e2e-signature',
} as const;

/** Milliseconds for an answer: receivers queue a notice and answer at once. */
const ANSWER_MS = 10_000;

/** How one delivery ended. */
export type Delivery = { ok: true } | { ok: false; why: string; retryAfterMs?: number };

/**
 * Delivers a notice once, through the proxy that the environment names for the URL. Throws only the signal's reason. Without an
 * answer of 2xx, it returns a failure with a sentence without the URL, which may contain a secret. It follows no redirect: the
 * signature is for one receiver.
 */
export async function deliver(
  target: Target,
  notice: WebhookNotice,
  now: Date,
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Delivery> {
  const body = bodyOf(notice, target.format);
  const timestamp = Math.floor(now.getTime() / 1000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'backendai-e2e',
    [NOTICE_HEADERS.id]: notice.id,
    [NOTICE_HEADERS.timestamp]: String(timestamp),
    ...(target.authorization ? { authorization: target.authorization } : {}),
    [STANDARD_HEADERS.id]: notice.id,
    [STANDARD_HEADERS.timestamp]: String(timestamp),
    ...(target.key
      ? {
          [NOTICE_HEADERS.signature]: signatureOf(body, timestamp, target.key),
          [STANDARD_HEADERS.signature]: standardSignatureOf(notice.id, body, timestamp, target.key),
        }
      : {}),
  };
  // Loaded on first use: an operator without notifications does not need it.
  const { ProxyAgent, request } = await import('undici');
  let proxy: InstanceType<typeof ProxyAgent> | undefined;
  try {
    const uri = proxyFor(new URL(target.url), undefined, env);
    // Deliveries are rare: no connection to the proxy stays open.
    proxy = uri ? new ProxyAgent({ uri, connectTimeout: ANSWER_MS }) : undefined;
    const answer = await request(target.url, {
      ...(proxy ? { dispatcher: proxy } : {}),
      method: 'POST',
      headers,
      body,
      signal,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    });
    await answer.body.dump();
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { ok: true };
    const retryAfterMs = pauseOf(answer.headers['retry-after'], now);
    const moved = answer.statusCode >= 300 && answer.statusCode < 400;
    return {
      ok: false,
      why: `the webhook answered ${answer.statusCode}${moved ? ': it moved, so name its new URL' : ''}`,
      ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
    };
  } catch (error) {
    signal.throwIfAborted();
    // The message of a setting that is wrong names no URL. Others may.
    if (error instanceof ConfigError) return { ok: false, why: error.message };
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
    return { ok: false, why: `the webhook cannot be reached${proxy ? ' by its proxy' : ''} (${code})` };
  } finally {
    await proxy?.destroy();
  }
}

/** Milliseconds that a Retry-After asks for: seconds or a date (RFC 9110, 10.2.3). 0 without a valid one, or for the past. */
function pauseOf(header: string | string[] | undefined, now: Date): number {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now.getTime());
}
