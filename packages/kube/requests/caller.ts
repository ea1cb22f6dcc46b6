import type { Dispatcher } from 'undici';
import type { ClusterAccess } from '../access/cluster-access.ts';
import { ConfigError } from '../access/config-error.ts';
import { type Clock, sleep, systemClock } from '../clock.ts';
import { answerError, connectionOutcome } from './answer.ts';
import { ApiError } from './api-error.ts';
import type { CallOptions, KubeClientOptions } from './calls.ts';
import { jsonLines } from './json-lines.ts';
import type { ApiRequest } from './request.ts';
import { retryDelayMs, type TryOutcome } from './retry.ts';
import { type Sender, Transport, type TryLimits } from './transport.ts';

/** Milliseconds for one call with all its retries. */
const DEADLINE_MS = 30_000;

/**
 * Milliseconds for one try of a request that can be repeated. Without it, a request on a dead connection would use up the
 * whole deadline.
 */
const TRY_MS = 10_000;

/** The owner of the client refused a write. Its cause is the owner's error. */
class Refusal extends Error {}

type Body = Dispatcher.ResponseData['body'];

/** Sends requests, with deadlines, retries and typed errors. It does not know about objects. */
export class Caller {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #onRequest: NonNullable<KubeClientOptions['onRequest']>;
  readonly #beforeWrite: NonNullable<KubeClientOptions['beforeWrite']>;

  constructor(access: ClusterAccess, options: KubeClientOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#transport = new Transport(access, this.#clock);
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#onRequest = options.onRequest ?? (() => {});
    this.#beforeWrite = options.beforeWrite ?? (() => {});
  }

  /** The answer's JSON. */
  async json<T>(request: ApiRequest, options: CallOptions): Promise<T> {
    const text = await this.text(request, options);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new ApiError({
        what: request.what,
        code: 0,
        reason: 'NotJson',
        message: text.slice(0, 200),
        cause,
      });
    }
  }

  /** The answer's text. */
  text(request: ApiRequest, options: CallOptions): Promise<string> {
    return this.#call(request, options, (body) => body.text());
  }

  /** The bytes of the answer. */
  bytes(request: ApiRequest, options: CallOptions): Promise<Buffer> {
    return this.#call(request, options, async (body) => Buffer.from(await body.arrayBuffer()));
  }

  /** Tries until a request succeeds, must not be repeated, or has reached its deadline. */
  async #call<T>(request: ApiRequest, options: CallOptions, read: (body: Body) => Promise<T>): Promise<T> {
    let end = this.#clock.monotonicMs() + (options.deadlineMs ?? this.#deadlineMs);
    let renewed = false;
    for (let tries = 1; ; tries++) {
      options.signal?.throwIfAborted();
      const before = this.#clock.monotonicMs();
      const sender = await this.#transport.session(options.signal);
      end += this.#clock.monotonicMs() - before;
      const answer = await this.#try(sender, request, end - this.#clock.monotonicMs(), options, read);
      if ('value' in answer) return answer.value;
      options.signal?.throwIfAborted();
      if (answer.error.code === 401 && !renewed) {
        renewed = true;
        this.#transport.refuse(sender);
        continue;
      }
      if (options.answersAreFinal && answer.error.code > 0) throw answer.error;
      const left = end - this.#clock.monotonicMs();
      const delay =
        answer.outcome &&
        retryDelayMs({ method: request.method, outcome: answer.outcome, tries, remainingMs: left });
      if (delay === undefined) throw answer.error;
      await sleep(this.#clock, delay, options.signal);
    }
  }

  async #try<T>(
    sender: Sender,
    request: ApiRequest,
    remainingMs: number,
    { signal, stallMs = 0 }: CallOptions,
    read: (body: Body) => Promise<T>,
  ): Promise<{ value: T } | { error: ApiError; outcome?: TryOutcome | undefined }> {
    const tryMs = request.method === 'POST' || stallMs > 0 ? remainingMs : Math.min(remainingMs, TRY_MS);
    const limit = new AbortController();
    const follow = () => limit.abort(signal?.reason);
    signal?.addEventListener('abort', follow, { once: true });
    const late = new ApiError({
      what: request.what,
      code: 0,
      reason: 'Deadline',
      message: `no complete answer within ${Math.round(tryMs / 100) / 10} s`,
    });
    const cancel = this.#clock.setTimer(tryMs, () => limit.abort(late));
    try {
      const limits = { signal: limit.signal, headersMs: stallMs, bodyMs: stallMs };
      const response = await this.#send(sender, request, limits);
      if (stallMs > 0) cancel();
      if (response.statusCode < 300) return { value: await read(response.body) };
      const error = await this.#failure(request, response);
      return {
        error,
        outcome: { kind: 'answer', code: error.code, retryAfterSeconds: error.retryAfterSeconds },
      };
    } catch (error) {
      if (error instanceof Refusal) throw error.cause;
      if (error === late) return { error: late, outcome: { kind: 'broken' } };
      return { error: noAnswer(request, error), outcome: connectionOutcome(error) };
    } finally {
      cancel();
      signal?.removeEventListener('abort', follow);
    }
  }

  async #send(
    sender: Sender,
    request: ApiRequest,
    limits: Omit<TryLimits, 'beforeSend'>,
  ): Promise<Dispatcher.ResponseData> {
    const start = this.#clock.monotonicMs();
    const tell = (code: number) =>
      this.#onRequest({ verb: request.verb, code, seconds: (this.#clock.monotonicMs() - start) / 1000 });
    const beforeSend = () => this.#askOwner(request);
    try {
      const response = await this.#transport.send(sender, request, { ...limits, beforeSend });
      tell(response.statusCode);
      return response;
    } catch (error) {
      if (!(error instanceof Refusal)) tell(0);
      throw error;
    }
  }

  /** Throws Refusal when the owner of this client refuses a write. */
  #askOwner({ method, what }: ApiRequest): void {
    if (method === 'GET') return;
    try {
      this.#beforeWrite(what);
    } catch (cause) {
      throw new Refusal(what, { cause });
    }
  }

  async #failure(request: ApiRequest, response: Dispatcher.ResponseData): Promise<ApiError> {
    const body = await response.body.text();
    const header = response.headers['retry-after'];
    return answerError(
      request.what,
      response.statusCode,
      body,
      typeof header === 'string' ? header : undefined,
      this.#clock.now(),
    );
  }

  /**
   * The JSON lines of a streamed answer, without retries. Returns when the server ends the stream or the signal aborts.
   * Throws ApiError when the request is refused or the stream breaks.
   * @param stallMs milliseconds without a line after which it counts as broken; 0 for no limit
   */
  async *lines(request: ApiRequest, signal: AbortSignal, stallMs = 0): AsyncGenerator<unknown, void> {
    if (signal.aborted) return;
    const stop = new AbortController();
    const follow = () => stop.abort(signal.reason);
    signal.addEventListener('abort', follow, { once: true });
    try {
      const limits = { signal: stop.signal, headersMs: this.#deadlineMs, bodyMs: stallMs };
      const sender = await this.#transport.session(stop.signal);
      let response = await this.#send(sender, request, limits);
      if (response.statusCode === 401) {
        this.#transport.refuse(sender);
        await response.body.dump();
        response = await this.#send(await this.#transport.session(stop.signal), request, limits);
      }
      if (response.statusCode !== 200) throw await this.#failure(request, response);
      yield* jsonLines(response.body);
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof ApiError || error instanceof ConfigError ? error : noAnswer(request, error);
    } finally {
      signal.removeEventListener('abort', follow);
      // Closes the connection when the consumer stopped early.
      stop.abort();
    }
  }

  /** Closes all connections. Requests in progress fail. */
  close(): Promise<void> {
    return this.#transport.close();
  }
}

function noAnswer(request: ApiRequest, cause: unknown): ApiError {
  return new ApiError({
    what: request.what,
    code: 0,
    reason: 'NoAnswer',
    message: cause instanceof Error ? cause.message || cause.name : String(cause),
    cause,
  });
}
