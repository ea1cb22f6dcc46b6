import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { maskFields } from '@backendai-e2e/redaction/redaction';
import got, {
  type Method,
  type OptionsOfBufferResponseBody,
  RequestError,
  type Response,
  TimeoutError,
} from 'got';
import { recorder } from '../../evidence/record.ts';

/** Default timeout of a request, milliseconds. */
const REQUEST_MS = 30_000;

/**
 * An idle connection is reused within this time, milliseconds. Managers, coordinator and workers close a connection
 * after 30 s without a request (keepalive_timeout of their AppRunner, 26.9.6). A request sent at that moment is reset,
 * and the client cannot know whether it was processed.
 */
const IDLE_MS = 15_000;

/** Body of an error answer of Backend.AI, RFC 7807 (ai.backend.common.exception.BackendAIError). */
interface ProblemBody {
  type?: string;
  title?: string;
  msg?: string;
  error_code?: string;
  data?: unknown;
}

/** Backend.AI answered with an error. */
export class BackendApiError extends Error {
  override name = 'BackendApiError';
  /** HTTP status. */
  readonly status: number;
  /** URL of the kind of error, for example "https://api.backend.ai/probs/invalid-api-params". */
  readonly type: string;
  readonly title: string;
  readonly msg: string | undefined;
  /** For example "session_create_conflict". */
  readonly errorCode: string | undefined;
  readonly data: unknown;

  constructor(request: string, status: number, body: unknown) {
    const problem: ProblemBody = typeof body === 'object' && body !== null ? body : {};
    const title = problem.title ?? 'no title';
    super(`${request} was answered ${status}: ${title}${problem.msg ? ` (${problem.msg})` : ''}`);
    this.status = status;
    this.type = problem.type ?? '';
    this.title = title;
    this.msg = problem.msg;
    this.errorCode = problem.error_code;
    this.data = problem.data;
  }
}

/** No answer arrived: the connection was refused or reset, or the request timed out. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
  /** Whether someone accepted the connection and kept it, and was too slow. Otherwise it was refused, reset, or led nowhere. */
  readonly tooSlow: boolean;

  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    const { cause } = options;
    this.tooSlow = cause instanceof TimeoutError && cause.timings.connect !== undefined;
  }
}

/** A request to an API. */
export interface ApiRequest {
  method: Method;
  /** Path without query string. Percent-encode parts that come from data. */
  path: string;
  query?: Record<string, string | number | boolean | readonly string[]>;
  json?: unknown;
  form?: FormData;
  /** A raw body. The data of a stream is sent as it arrives. contentType defaults to application/octet-stream. */
  body?: Uint8Array | Readable;
  contentType?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** An answer with a 2xx status. body: the parsed JSON, or undefined when the answer is not JSON. */
export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  bytes: Buffer;
}

/** Returns the headers that authenticate a request. */
export type Signer = (request: {
  method: string;
  path: string;
  host: string;
  contentType: string;
}) => Record<string, string>;

/**
 * A client of one HTTP service. Every request has a deadline, is never retried, and is recorded with its answer for
 * the report. Throws {@link BackendApiError} for any status but 2xx, {@link NoAnswer} when no answer arrives.
 */
export class Api {
  readonly #base: string;
  readonly #sign: Signer;
  readonly #requestMs: number;
  readonly #agents: { http: http.Agent; https: https.Agent };

  /**
   * @param requestMs default timeout of a request, milliseconds
   * @param pool.connections maximum number of open connections; with 1, all requests reach the same process of a service
   * @param pool.idleMs idle time after which a connection is not reused, milliseconds
   */
  constructor(
    url: string,
    sign: Signer = () => ({}),
    requestMs: number = REQUEST_MS,
    pool: { connections?: number; idleMs?: number } = {},
  ) {
    const { connections = Number.POSITIVE_INFINITY, idleMs = IDLE_MS } = pool;
    // This timeout is for idle connections only: got ignores it while a request waits for its answer.
    const kept = { keepAlive: true, maxSockets: connections, timeout: idleMs };
    this.#agents = { http: new http.Agent(kept), https: new https.Agent(kept) };
    this.#requestMs = requestMs;
    this.#base = url.replace(/\/+$/, '');
    this.#sign = sign;
  }

  /** Sends a request and records the exchange. Throws NoAnswer, or BackendApiError for a status outside of 200 to 299. */
  async request(request: ApiRequest): Promise<ApiAnswer> {
    const url = new URL(this.#base + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    const line = `${request.method} ${url.pathname}${url.search}`;
    const shown = request.json === undefined ? line : `${line} ${JSON.stringify(maskFields(request.json))}`;
    const since = performance.now();
    const note = (answer: string) => recorder.exchange(shown, answer, (performance.now() - since) / 1000);
    let response: Response<Uint8Array>;
    try {
      response = await got(url, this.#options(request, url));
    } catch (error) {
      note(`no answer: ${String(error)}`);
      if (error instanceof RequestError) {
        throw new NoAnswer(`${line} to ${url.host}: ${error.code} ${error.message}`, { cause: error });
      }
      throw error;
    }
    const body = parseJson(response);
    note(`${response.statusCode} ${describeBody(body, response)}`);
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw new BackendApiError(line, response.statusCode, body);
    }
    return {
      status: response.statusCode,
      headers: response.headers,
      body,
      bytes: Buffer.from(response.rawBody),
    };
  }

  /** Returns the JSON of a {@link request}. The caller knows its shape; nothing checks it here. */
  async json<T>(request: ApiRequest): Promise<T> {
    return (await this.request(request)).body as T;
  }

  #options(request: ApiRequest, url: URL): OptionsOfBufferResponseBody {
    const contentType = typeOf(request);
    const signature = this.#sign({
      method: request.method,
      path: url.pathname + url.search,
      host: url.host,
      contentType,
    });
    return {
      method: request.method,
      headers: {
        // got writes the boundary of a form.
        ...(request.form ? {} : { 'content-type': contentType }),
        ...(recorder.traceparent === undefined ? {} : { traceparent: recorder.traceparent }),
        ...signature,
        ...request.headers,
      },
      ...(request.json === undefined ? {} : { body: JSON.stringify(request.json) }),
      ...(request.form ? { body: request.form } : {}),
      ...(request.body === undefined ? {} : { body: request.body }),
      responseType: 'buffer',
      throwHttpErrors: false,
      followRedirect: false,
      retry: { limit: 0 },
      // The storage-proxy expects parameters of GET requests as JSON in the body.
      allowGetBody: true,
      timeout: { request: request.timeoutMs ?? this.#requestMs },
      agent: this.#agents,
    };
  }
}

function typeOf(request: ApiRequest): string {
  if (request.form) return 'multipart/form-data';
  return (
    request.contentType ?? (request.body === undefined ? 'application/json' : 'application/octet-stream')
  );
}

function parseJson(response: Response<Uint8Array>): unknown {
  if (!/json/.test(response.headers['content-type'] ?? '')) return undefined;
  try {
    return JSON.parse(Buffer.from(response.rawBody).toString());
  } catch {
    // The content type is wrong. Callers get the bytes, and errors show them.
    return undefined;
  }
}

/** Control characters except white space, and the replacement character of invalid UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern searches for them
const NO_TEXT = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufffd]/;

function describeBody(body: unknown, response: Response<Uint8Array>): string {
  if (body !== undefined) return JSON.stringify(maskFields(body));
  const type = response.headers['content-type'] ?? 'no type';
  const begin = Buffer.from(response.rawBody.subarray(0, 200))
    .toString()
    .replace(/\ufffd+$/, '');
  // Binary data would make the report unreadable.
  return `${response.rawBody.length} bytes of ${type} ${NO_TEXT.test(begin) ? '' : begin}`.trimEnd();
}
