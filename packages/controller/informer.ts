import { isGone } from '@backendai-e2e/kube/api-error';
import { jittered } from '@backendai-e2e/kube/backoff';
import type { KubeClient, ListQuery, WatchEvent } from '@backendai-e2e/kube/client';
import { type Clock, sleep, systemClock } from '@backendai-e2e/kube/clock';
import type { KubeObject, ObjectName, Resource } from '@backendai-e2e/kube/object';
import { objectName } from '@backendai-e2e/kube/object';
import type { Log } from './log.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { type Change, ObjectCache } from './object-cache.ts';
import { type Ended, type FollowState, type ListReason, nextStep, type Step } from './watch-decision.ts';

export type { Change } from './object-cache.ts';

/** Called for every change, in order. It must be quick and only enqueue keys. An error is logged and counted. */
export type ChangeHandler<T> = (change: Change<T>) => void;

/** Which objects an informer caches, and how often it makes sure of them. */
export interface InformerOptions<T extends KubeObject> {
  client: Pick<KubeClient, 'list' | 'watch'>;
  resource: Resource<T>;
  /** Default: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /**
   * Cache transform: the cache and the handlers see only its result. Use it for kinds with large objects. It must keep name,
   * namespace, uid and resourceVersion. Undefined: the object is no longer needed. It is not cached, and the handlers see it
   * as deleted.
   */
  transform?: ((object: T) => T | undefined) | undefined;
  /** Objects per page of a full list; each page is in memory as a whole. Default 500. */
  pageSize?: number | undefined;
  log: Log;
  metrics: RuntimeMetrics;
  clock?: Clock;
  /** Milliseconds between full lists while the watch works. Default 600 000, with jitter. */
  relistMs?: number;
  /** Milliseconds without a line after which a watch is closed (bookmarks arrive about every minute). Default 150 000. */
  silenceMs?: number;
}

/** An informer of any kind, as the manager sees it. */
export interface Source {
  readonly name: string;
  readonly hasSynced: boolean;
  run(signal: AbortSignal): Promise<void>;
  waitForSync(timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds after which a watch without a line counts as working. A shorter silent watch counts as failed. */
const HEALTHY_MS = 10_000;

/** Requested duration of a watch in seconds: 5 to 10 minutes, as in client-go. */
const WATCH_SECONDS = { least: 300, most: 600 };

/**
 * A cache of all objects of a kind, kept current by a list and a watch. They are repeated after every error. The cache may be
 * stale. Do not change objects in it.
 */
export class Informer<T extends KubeObject> implements Source {
  readonly resource: Resource<T>;
  readonly #options: InformerOptions<T>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #cache = new ObjectCache<T>();
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #lastError: unknown;
  #nextListMs = Number.POSITIVE_INFINITY;

  constructor(options: InformerOptions<T>) {
    this.resource = options.resource;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.child({ informer: options.resource.plural });
  }

  /** For logs and checks: the plural, with namespace and selector when there are any. */
  get name(): string {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const limits = [namespace, labelSelector, fieldSelector].filter((limit) => limit !== undefined);
    return limits.length === 0 ? this.resource.plural : `${this.resource.plural} (${limits.join(', ')})`;
  }

  /** Registers a handler, before or after the start. Cached objects are reported to it as added. Returns its removal. */
  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#cache.list()) {
      this.#tell(handler, { type: 'added', name: objectName(object), object });
    }
    return () => this.#handlers.delete(handler);
  }

  /** True once the first list is cached and reported to the handlers. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Waits until hasSynced. Rejects after that many milliseconds, with the last error of the API server, or on abort. */
  async waitForSync(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const late = new AbortController();
    const expired = sleep(this.#clock, timeoutMs, late.signal).then(() => {
      const seen = this.#lastError instanceof Error ? this.#lastError.message : 'no answer yet';
      throw new Error(`No list of ${this.name} within ${timeoutMs / 1000} s; last: ${seen}`, {
        cause: this.#lastError,
      });
    });
    const aborted = new Promise<never>((_, reject) => {
      const stop = () => reject(signal?.reason);
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop, { once: true, signal: late.signal });
    });
    try {
      await Promise.race([this.#synced.promise, expired, aborted]);
    } finally {
      // The losers of the race end here. Neither may surface as an unhandled rejection.
      expired.catch(() => {});
      aborted.catch(() => {});
      late.abort();
    }
  }

  /** The object in the cache. Undefined if it is not there. */
  get(at: ObjectName): T | undefined {
    return this.#cache.get(at);
  }

  /** Everything in the cache, or of one namespace. */
  list(namespace?: string): T[] {
    return this.#cache.list(namespace);
  }

  /**
   * Drops an object that is no longer needed from the cache, without a call of the handlers. A change, or a full list, brings
   * it back, unless the transform drops it.
   */
  forget(at: ObjectName): void {
    const object = this.#cache.get(at);
    if (!object) return;
    this.#cache.remove(object);
    this.#options.metrics.informerObjects.dec({ resource: this.resource.plural });
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let state: FollowState = { failures: 0, resourceVersion: undefined };
    let step: Step = { do: 'list', afterMs: 0, reason: 'start' };
    while (!signal.aborted) {
      try {
        await sleep(this.#clock, step.afterMs, signal);
      } catch {
        // Only the abort ends a sleep early, and the loop checks it.
        break;
      }
      let ended: Ended;
      let healthy = false;
      if (step.do === 'list') {
        const resourceVersion = await this.#list(step.reason, signal);
        if (resourceVersion !== undefined) {
          state = { ...state, resourceVersion };
          step = { do: 'watch', afterMs: 0, resourceVersion };
          continue;
        }
        ended = 'error';
      } else {
        const watched = await this.#watch(step.resourceVersion, signal);
        ({ ended, healthy } = watched);
        state = { ...state, resourceVersion: watched.resourceVersion };
      }
      ({ state, step } = nextStep(state, ended, healthy));
    }
  }

  get #query(): ListQuery {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }

  /** The resourceVersion of the list, or undefined when it failed. */
  async #list(reason: ListReason, signal: AbortSignal): Promise<string | undefined> {
    try {
      const { client, transform: keep, pageSize } = this.#options;
      const list = await client.list(this.resource, this.#query, { signal, keep, pageSize });
      this.#options.metrics.informerRelists.inc({ resource: this.resource.plural, reason });
      if (reason !== 'start') this.#log.debug({ reason, objects: list.items.length }, 'relisted');
      this.#publish(this.#cache.replaceAll(list.items));
      this.#nextListMs = this.#clock.monotonicMs() + jittered(this.#options.relistMs ?? 600_000, 0.2);
      this.#lastError = undefined;
      this.#hasSynced = true;
      this.#synced.resolve();
      return list.resourceVersion;
    } catch (error) {
      this.#failed(error, signal, 'cannot list');
      return undefined;
    }
  }

  async #watch(
    from: string,
    signal: AbortSignal,
  ): Promise<{ ended: Ended; healthy: boolean; resourceVersion: string }> {
    let resourceVersion = from;
    let lines = 0;
    let cut: 'silence' | 'periodic' | undefined;
    const start = this.#clock.monotonicMs();
    const stop = new AbortController();
    const follow = () => stop.abort(signal.reason);
    signal.addEventListener('abort', follow, { once: true });
    const cutFor = (reason: 'silence' | 'periodic') => () => {
      cut ??= reason;
      stop.abort();
    };
    const silenceMs = this.#options.silenceMs ?? 150_000;
    let cancelSilence = this.#clock.setTimer(silenceMs, cutFor('silence'));
    const cancelPeriodic = this.#clock.setTimer(this.#nextListMs - start, cutFor('periodic'));
    const result = (ended: Ended) => ({
      ended,
      healthy: lines > 0 || this.#clock.monotonicMs() - start >= HEALTHY_MS,
      resourceVersion,
    });
    try {
      const span = WATCH_SECONDS.most - WATCH_SECONDS.least;
      const timeoutSeconds = WATCH_SECONDS.least + Math.floor(Math.random() * span);
      const query = { ...this.#query, resourceVersion, timeoutSeconds };
      for await (const event of this.#options.client.watch(this.resource, query, stop.signal)) {
        cancelSilence();
        cancelSilence = this.#clock.setTimer(silenceMs, cutFor('silence'));
        lines++;
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
        this.#publish(this.#take(event));
      }
      if (cut === 'silence') this.#log.warn({ silenceMs }, 'the watch was silent; relisting');
      return result(cut ?? 'server');
    } catch (error) {
      if (isGone(error)) return result('gone');
      this.#failed(error, signal, 'the watch broke');
      return result('error');
    } finally {
      cancelSilence();
      cancelPeriodic();
      signal.removeEventListener('abort', follow);
    }
  }

  #take(event: WatchEvent<T>): Change<T>[] {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        return this.#kept(event.object);
      case 'DELETED':
        return this.#cache.remove(this.#options.transform?.(event.object) ?? event.object);
      case 'BOOKMARK':
        return [];
    }
  }

  #kept(object: T): Change<T>[] {
    const { transform } = this.#options;
    const kept = transform ? transform(object) : object;
    return kept ? this.#cache.put(kept) : this.#cache.remove(object);
  }

  #publish(changes: readonly Change<T>[]): void {
    const grown = changes.reduce(
      (sum, { type }) => sum + (type === 'added' ? 1 : type === 'deleted' ? -1 : 0),
      0,
    );
    // Informers of one kind in several namespaces share the gauge.
    this.#options.metrics.informerObjects.inc({ resource: this.resource.plural }, grown);
    for (const change of changes) for (const handler of this.#handlers) this.#tell(handler, change);
  }

  #tell(handler: ChangeHandler<T>, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      this.#options.metrics.informerHandlerErrors.inc({ resource: this.resource.plural });
      this.#log.error({ err: error, object: change.name, change: change.type }, 'a change handler threw');
    }
  }

  #failed(error: unknown, signal: AbortSignal, what: string): void {
    if (signal.aborted) return;
    this.#lastError = error;
    this.#log.warn({ err: error }, what);
  }
}
