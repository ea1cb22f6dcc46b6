import { bodyOf, type Notice, signatureOf } from './body.ts';
import type { Target } from './target.ts';

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
 * Delivers a notice once. Throws only the signal's reason. Without an answer of 2xx, it returns a failure with a sentence
 * without the URL, which may contain a secret.
 */
export async function deliver(
  target: Target,
  notice: Notice,
  now: Date,
  signal: AbortSignal,
): Promise<Delivery> {
  const body = bodyOf(notice, target.format);
  const timestamp = Math.floor(now.getTime() / 1000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'backendai-e2e',
    [NOTICE_HEADERS.id]: notice.id,
    [NOTICE_HEADERS.timestamp]: String(timestamp),
    ...(target.key ? { [NOTICE_HEADERS.signature]: signatureOf(body, timestamp, target.key) } : {}),
  };
  // Loaded on first use: an operator without notifications does not need it.
  const { request } = await import('undici');
  try {
    const answer = await request(target.url, {
      method: 'POST',
      headers,
      body,
      signal,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    });
    await answer.body.dump();
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { ok: true };
    const asked = Number(answer.headers['retry-after']);
    return {
      ok: false,
      why: `the webhook answered ${answer.statusCode}`,
      ...(Number.isFinite(asked) && asked > 0 ? { retryAfterMs: asked * 1000 } : {}),
    };
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
    return { ok: false, why: `the webhook cannot be reached (${code})` };
  }
}
