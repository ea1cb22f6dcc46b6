import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  ARTIFACT_TOKEN_HEADER,
  ARTIFACTS_PATH,
  type ArtifactPlace,
  hasOwner,
  isWhole,
  placeAt,
} from '@backendai-e2e/api/artifact-key';
import type { Log } from '@backendai-e2e/controller/log';
import { type StorageBackend, WrongSumError } from './backend.ts';
import { LARGEST_ARTIFACT, TooLargeError } from './checksum.ts';
import { FullError, type Usage } from './quota.ts';

/** What an artifact server is started with. */
export interface ArtifactServerOptions {
  store: StorageBackend;
  /** Token that authorizes writing, listing and removal. */
  token: string;
  /** 0 takes a free port. */
  port: number;
  log: Log;
}

/** A request that is refused with a code and a sentence. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The HTTP server in front of a storage. `GET /artifacts/<namespace>/<report>/<uid>/<key>` returns one artifact. With the
 * token, PUT there stores it, `GET /artifacts/<namespace>[/<report>/<uid>]` lists, and DELETE of a report's path removes.
 */
export class ArtifactServer {
  readonly #options: ArtifactServerOptions;
  readonly #server: Server;
  readonly #stopped = new AbortController();

  constructor(options: ArtifactServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Listens; resolves to the port. Rejects when the port is taken. */
  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : this.#options.port);
      });
    });
  }

  /** Stops answering, and aborts requests in progress. */
  stop(): Promise<void> {
    this.#stopped.abort(new Error('the artifact server is stopping'));
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the client went away')));
    const signal = AbortSignal.any([gone.signal, this.#stopped.signal]);
    try {
      await this.#answer(request, response, signal);
    } catch (error) {
      if (signal.aborted || response.headersSent) {
        response.destroy();
        return;
      }
      const code = codeOf(error);
      const message = error instanceof Error ? error.message : String(error);
      if (code >= 500)
        this.#options.log.warn({ method: request.method, url: request.url, why: message }, 'not done');
      response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(`${message}\n`);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://artifact-server');
    if (pathname === '/healthz') {
      say(response, 200, 'ok');
      return;
    }
    if (pathname === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(usageMetrics(this.#options.store.usage));
      return;
    }
    if (!pathname.startsWith(`${ARTIFACTS_PATH}/`))
      throw new Refusal(404, 'there are /healthz, /metrics and /artifacts/');
    const place = placeAt(pathname.slice(ARTIFACTS_PATH.length + 1));
    if (!place) throw new Refusal(400, 'a path is <namespace>/<report>/<uid>/<key>');
    if (request.method === 'GET' && isWhole(place)) {
      await this.#give(place, response, signal);
      return;
    }
    this.#mayWrite(request);
    const { store } = this.#options;
    if (request.method === 'PUT' && isWhole(place)) {
      const length = request.headers['content-length'];
      const announced = length === undefined ? undefined : Number(length);
      if (announced !== undefined && announced > LARGEST_ARTIFACT) {
        throw new TooLargeError(`an artifact has ${LARGEST_ARTIFACT} bytes at most`);
      }
      await store.put(place, bodyOf(request), signal, announced);
      say(response, 201, 'kept');
    } else if (request.method === 'GET') {
      const within = hasOwner(place) ? place : { namespace: place.namespace ?? '' };
      const found = await store.list(within, signal);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found));
    } else if (request.method === 'DELETE' && hasOwner(place) && !isWhole(place)) {
      await store.remove(place, signal);
      say(response, 200, 'removed');
    } else {
      throw new Refusal(405, `${request.method} of this path is not supported`);
    }
  }

  async #give(place: ArtifactPlace, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const found = await store.get(place, signal);
    if (!found) throw new Refusal(404, `${store.what} has no such artifact`);
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': found.bytes });
    await pipeline(found.body, response, { signal });
  }

  #mayWrite(request: IncomingMessage): void {
    const header = request.headers[ARTIFACT_TOKEN_HEADER];
    const given = Buffer.from(typeof header === 'string' ? header : '');
    const wanted = Buffer.from(this.#options.token);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new Refusal(401, `this request needs the token in the header ${ARTIFACT_TOKEN_HEADER}`);
    }
  }
}

/** The body of a request. If its reader stops early, the rest is read, so that the sender receives the reason. */
function bodyOf(request: IncomingMessage): PassThrough {
  const body = new PassThrough();
  request.pipe(body);
  body.once('close', () => {
    request.unpipe(body);
    request.resume();
  });
  return body;
}

function codeOf(error: unknown): number {
  if (error instanceof Refusal) return error.code;
  if (error instanceof WrongSumError) return 422;
  if (error instanceof TooLargeError) return 413;
  if (error instanceof FullError) return 507;
  return 502;
}

/** Metrics in the text format of Prometheus; empty for a storage without a known limit. */
export function usageMetrics(usage: Usage | undefined): string {
  if (!usage) return '';
  const { used, quota, refused } = usage;
  const metrics = [
    ['backendai_e2e_artifacts_bytes', 'gauge', 'Bytes that stored artifacts take on the volume.', used],
    ...(quota === undefined
      ? []
      : [['backendai_e2e_artifacts_quota_bytes', 'gauge', 'Bytes that artifacts may take.', quota]]),
    [
      'backendai_e2e_artifacts_refused_total',
      'counter',
      'Artifacts that were refused because the volume is full.',
      refused,
    ],
  ];
  return metrics
    .map(([name, type, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`)
    .join('');
}

function say(response: ServerResponse, code: number, sentence: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${sentence}\n`);
}
