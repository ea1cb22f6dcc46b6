import { setGlobalProxyFromEnv } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { proxyFor } from '@backendai-e2e/kube/proxy';
import { otlpRequest } from './otlp.ts';
import type { Trace } from './span.ts';

/** Path of traces below the address of a collector: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const PATH = 'v1/traces';
/** Spans of one request. Collectors refuse bodies of more than some MiB. */
const BATCH = 256;
/** A collector that does not answer within this time is not there. */
const TIMEOUT_MS = 10_000;
/** Attempts, and the pause before the next one. */
const TRIES = 3;
const PAUSE_MS = 1_000;
/** Codes after which the protocol wants another attempt. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A collector did not take a trace. */
export class ExportFailed extends Error {
  override readonly name = 'ExportFailed';
}

/** What {@link exportTrace} works with. */
export interface ExportOptions {
  /** Address of the collector, with or without "/v1/traces". */
  url: string;
  /** "name=value" pairs, separated by commas and URL-encoded, as in OTEL_EXPORTER_OTLP_HEADERS. */
  headers?: string | undefined;
  signal?: AbortSignal;
  pauseMs?: number;
}

/**
 * Sends a trace to a collector as OTLP/HTTP with JSON, through the proxy that the environment names for it. Returns the number of spans.
 * @throws ExportFailed if the address is none, or the collector cannot be reached or refuses spans
 */
export async function exportTrace(trace: Trace, options: ExportOptions): Promise<number> {
  const url = endpointOf(options.url);
  const headers = headersOf(options.headers);
  // Node.js uses the proxies of the environment only on request.
  const restore = proxyFor(url, undefined, process.env) ? setGlobalProxyFromEnv() : undefined;
  try {
    for (let from = 0; from < trace.spans.length; from += BATCH) {
      const body = JSON.stringify(otlpRequest(trace, trace.spans.slice(from, from + BATCH)));
      await send(url, headers, body, options);
    }
    return trace.spans.length;
  } finally {
    restore?.();
  }
}

async function send(
  url: URL,
  headers: Headers,
  body: string,
  { signal, pauseMs = PAUSE_MS }: ExportOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    const both = signal ? AbortSignal.any([signal, limit]) : limit;
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(url, { method: 'POST', headers, body, signal: both, redirect: 'error' });
      text = await answer.text();
    } catch (error) {
      signal?.throwIfAborted();
      const why = error instanceof Error ? [error.message, error.cause].filter(Boolean).join(': ') : error;
      throw new ExportFailed(`${url.origin} does not take the trace: ${why}`, { cause: error });
    }
    if (answer.ok) return checkPartial(url, text);
    if (!RETRYABLE.has(answer.status) || attempt === TRIES) {
      throw new ExportFailed(`${url.origin} refused the trace with ${answer.status}: ${text.slice(0, 300)}`);
    }
    await delay(pauseMs * attempt, undefined, signal ? { signal } : {});
  }
}

/** A collector may answer with 200 and still refuse spans. */
function checkPartial(url: URL, text: string): void {
  let partial: { rejectedSpans?: unknown; errorMessage?: unknown } | undefined;
  try {
    partial = (JSON.parse(text) as { partialSuccess?: typeof partial } | null)?.partialSuccess;
  } catch {
    // The protocol wants JSON, but 200 decides.
    return;
  }
  const rejected = Number(partial?.rejectedSpans ?? 0);
  if (rejected > 0) {
    throw new ExportFailed(`${url.origin} refused ${rejected} spans: ${String(partial?.errorMessage ?? '')}`);
  }
}

function endpointOf(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new ExportFailed(`"${text}" is no address of a collector: write for example http://collector:4318`);
  }
  if (!url.pathname.endsWith(`/${PATH}`)) url.pathname = `${url.pathname.replace(/\/+$/, '')}/${PATH}`;
  return url;
}

function headersOf(text = ''): Headers {
  const headers = new Headers({ 'content-type': 'application/json' });
  for (const pair of text.split(',').filter((each) => each.trim() !== '')) {
    const at = pair.indexOf('=');
    try {
      if (at < 1) throw new Error('it has no "="');
      headers.set(pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim()));
    } catch (error) {
      // Without the pair itself: it may hold a token.
      throw new ExportFailed('OTEL_EXPORTER_OTLP_HEADERS has a pair that is not name=value', {
        cause: error,
      });
    }
  }
  return headers;
}
