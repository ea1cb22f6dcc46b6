import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { maskFields } from '@backendai-e2e/redaction/redaction';
import got, { type Method, type OptionsOfBufferResponseBody, RequestError, type Response } from 'got';
import { recorder } from '../../evidence/record.ts';

/** A request of a suite may take this long unless it says otherwise, milliseconds. */
const REQUEST_MS = 30_000;

/**
 * A connection is used again within this time, milliseconds. The managers, the coordinator and the workers close one
 * after 30 s without a request (keepalive_timeout of their AppRunner, 26.9.6) and do not say so: a request sent at that
 * very moment is reset, and nobody can tell whether it was dealt with.
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

/** No answer came: connection refused, reset, or too slow. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
}

/** A request to an API. */
export interface ApiRequest {
  method: Method;
  /** Path without query string; parts that come from data must be percent-encoded. */
  path: string;
  query?: Record<string, string | number | boolean | readonly string[]>;
  json?: unknown;
  form?: FormData;
  /** A body as it is; a stream's data is sent as it comes. contentType says what it is, octets by default. */
  body?: Uint8Array | Readable;
  contentType?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** An answer with a status of 2xx. body: JSON when it is JSON, else undefined. */
export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  bytes: Buffer;
}

/** How a request proves who sends it. */
export type Signer = (request: {
  method: string;
  path: string;
  host: string;
  contentType: string;
}) => Record<string, string>;

/**
 * One HTTP service. Every request has a deadline, is never repeated on its own, and is recorded with its answer for
 * the report. Throws {@link BackendApiError} for any status but 2xx, {@link NoAnswer} when none came.
 */
export class Api {
  readonly #base: string;
  readonly #sign: Signer;
  readonly #requestMs: number;
  readonly #agents: { http: http.Agent; https: https.Agent };

  /**
   * @param requestMs time for a request that says nothing else
   * @param pool.connections open at once, the others wait; 1: a service of several processes is asked as one of them
   * @param pool.idleMs time after which a connection that nothing was asked on is not used again
   */
  constructor(
    url: string,
    sign: Signer = () => ({}),
    requestMs: number = REQUEST_MS,
    pool: { connections?: number; idleMs?: number } = {},
  ) {
    const { connections = Number.POSITIVE_INFINITY, idleMs = IDLE_MS } = pool;
    // The timeout is one of idle connections: got does not look at it while a request waits for its answer.
    const kept = { keepAlive: true, maxSockets: connections, timeout: idleMs };
    this.#agents = { http: new http.Agent(kept), https: new https.Agent(kept) };
    this.#requestMs = requestMs;
    this.#base = url.replace(/\/+$/, '');
    this.#sign = sign;
  }

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

  /** {@link request} for its JSON. The shape is the caller's knowledge of the API; nothing checks it here. */
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
        // The boundary of a form is written by got.
        ...(request.form ? {} : { 'content-type': contentType }),
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
      // The storage-proxy wants parameters of GET requests as JSON in the body.
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
    // Not the JSON that it claims to be: callers see the bytes, errors say what stands in them.
    return undefined;
  }
}

/** Control characters but white space, and the mark of bytes that are no UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_TEXT = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufffd]/;

function describeBody(body: unknown, response: Response<Uint8Array>): string {
  if (body !== undefined) return JSON.stringify(maskFields(body));
  const type = response.headers['content-type'] ?? 'no type';
  const begin = Buffer.from(response.rawBody.subarray(0, 200))
    .toString()
    .replace(/\ufffd+$/, '');
  // What is no text would only spoil the report.
  return `${response.rawBody.length} bytes of ${type} ${NO_TEXT.test(begin) ? '' : begin}`.trimEnd();
}
