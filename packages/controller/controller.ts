import { type Clock, systemClock } from '@backendai-e2e/kube/clock';
import { type KubeObject, keyOf, nameOf, type ObjectName } from '@backendai-e2e/kube/object';
import type { Change, Informer, Source } from './informer.ts';
import type { Log } from './log.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { type Taken, WorkQueue } from './work-queue.ts';

/** How a reconcile ended without an error. */
export interface Result {
  /** Milliseconds after which to reconcile again, even if nothing changes. */
  requeueAfterMs?: number | undefined;
}

/** An error that no retry can fix. It is logged and counted, and the key waits for the next change. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/**
 * Moves one object towards its desired state. Level-based: it reads the current state and never relies on past events.
 * The signal aborts when the process stops, leadership is lost, or the reconcile's own deadline passes.
 */
export type Reconcile = (name: ObjectName, signal: AbortSignal) => Promise<Result | undefined>;

/** What a controller is made of: its reconciler, and how many keys it works on at once. */
export interface ControllerOptions {
  /** Name in metrics and logs, such as "testrun". */
  name: string;
  reconcile: Reconcile;
  /** Number of concurrent reconciles, each of another key. Default 1. */
  workers?: number;
  /** Milliseconds after which the signal of one reconcile aborts. Default 120 000. */
  deadlineMs?: number;
  log: Log;
  metrics: RuntimeMetrics;
  clock?: Clock;
}

/** A work queue, workers, and the sources that feed it. */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #queue: WorkQueue;
  readonly #sources: Source[] = [];

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.child({ controller: options.name });
    this.#queue = new WorkQueue({
      clock: this.#clock,
      onDepth: (depth) => options.metrics.queueDepth.set({ controller: options.name }, depth),
    });
  }

  /** Enqueues the object itself on every change of it, or on the changes that `when` accepts. */
  watches<T extends KubeObject>(informer: Informer<T>, when?: (change: Change<T>) => boolean): this {
    return this.watchesFor(informer, (change) => (when === undefined || when(change) ? [change.name] : []));
  }

  /**
   * Enqueues the names that the mapping gives for a change: the owner, or everything that refers to it. With `delayMs`
   * they are enqueued that many milliseconds later, so that changes that come together lead to one reconcile.
   */
  watchesFor<T extends KubeObject>(
    informer: Informer<T>,
    map: (change: Change<T>) => Iterable<ObjectName | undefined>,
    delayMs = 0,
  ): this {
    this.#sources.push(informer);
    informer.onChange((change) => {
      for (const name of map(change)) {
        if (name === undefined) continue;
        if (delayMs > 0) this.enqueueAfter(name, delayMs);
        else this.enqueue(name);
      }
    });
    return this;
  }

  /** Reconciles an object as soon as a worker is free. */
  enqueue(name: ObjectName): void {
    this.#queue.add(keyOf(name));
  }

  /** Reconciles an object after a delay. The earliest of several delays counts. */
  enqueueAfter(name: ObjectName, ms: number): void {
    this.#queue.addAfter(keyOf(name), ms);
  }

  /** The informers that feed the controller. They must be synced before it starts. */
  get sources(): readonly Source[] {
    return this.#sources;
  }

  /**
   * Works until the signal aborts. The signals of running reconciles abort with it; it resolves when they have ended. Never
   * rejects. Keys may be enqueued before. Cannot be run again.
   */
  async run(signal: AbortSignal): Promise<void> {
    const workers = Array.from({ length: this.#options.workers ?? 1 }, () => this.#work(signal));
    const stop = (): void => void this.#queue.shutDown();
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    await Promise.all(workers);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const taken = await this.#queue.take();
      if (taken === undefined) return;
      try {
        await this.#reconcile(taken, signal);
      } finally {
        this.#queue.done(taken.key);
      }
    }
  }

  async #reconcile(taken: Taken, stop: AbortSignal): Promise<void> {
    const { metrics } = this.#options;
    const controller = this.name;
    const deadlineMs = this.#options.deadlineMs ?? 120_000;
    const limit = new AbortController();
    const follow = () => limit.abort(stop.reason);
    stop.addEventListener('abort', follow, { once: true });
    if (stop.aborted) follow();
    const cancel = this.#clock.setTimer(deadlineMs, () => {
      limit.abort(new Error(`The reconcile of ${taken.key} took longer than ${deadlineMs / 1000} s.`));
    });
    metrics.queueWaitSeconds.observe({ controller }, taken.waitedMs / 1000);
    metrics.activeWorkers.inc({ controller });
    const start = this.#clock.monotonicMs();
    try {
      const result = await this.#options.reconcile(nameOf(taken.key), limit.signal);
      this.#succeeded(taken.key, result);
    } catch (error) {
      this.#failed(taken.key, error, stop);
    } finally {
      cancel();
      stop.removeEventListener('abort', follow);
      metrics.activeWorkers.dec({ controller });
      metrics.reconcileSeconds.observe({ controller }, (this.#clock.monotonicMs() - start) / 1000);
    }
  }

  #succeeded(key: string, result: Result | undefined): void {
    const after = result?.requeueAfterMs;
    this.#queue.forget(key);
    if (after !== undefined) this.#queue.addAfter(key, after);
    this.#count(after === undefined ? 'success' : 'requeue_after');
  }

  #failed(key: string, error: unknown, stop: AbortSignal): void {
    if (stop.aborted) {
      this.#log.info({ key }, 'reconcile interrupted by the stop');
      return;
    }
    this.#options.metrics.reconcileErrors.inc({ controller: this.name });
    if (error instanceof TerminalError) {
      this.#queue.forget(key);
      this.#count('terminal');
      this.#log.error({ key, err: error }, 'reconcile failed and will not be retried before the next change');
      return;
    }
    const retryMs = Math.round(this.#queue.addRateLimited(key));
    this.#options.metrics.queueRetries.inc({ controller: this.name });
    this.#count('error');
    this.#log.error({ key, err: error, failures: this.#queue.failures(key), retryMs }, 'reconcile failed');
  }

  #count(result: 'success' | 'requeue_after' | 'error' | 'terminal'): void {
    this.#options.metrics.reconcileTotal.inc({ controller: this.name, result });
  }
}
