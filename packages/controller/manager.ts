import { type Clock, sleep, systemClock } from '@backendai-e2e/kube/clock';
import type { Controller } from './controller.ts';
import type { HealthServer } from './health.ts';
import type { Source } from './informer.ts';
import type { LeaseElection } from './lease-election.ts';
import type { Log } from './log.ts';

/** What a manager runs its controllers with. */
export interface ManagerOptions {
  log: Log;
  health: HealthServer;
  /** Default: the manager leads at once (tests, a single replica). */
  election?: LeaseElection | undefined;
  /** Milliseconds for the first lists. Default 60 000. */
  syncTimeoutMs?: number;
  /** Milliseconds for running reconciles to end on stop, and for each stop callback. Default 20 000. */
  stopTimeoutMs?: number;
  clock?: Clock;
}

/** How the manager ended: asked to stop, or leadership lost. */
export type ManagerEnd = 'stopped' | 'lost-leadership';

/**
 * Starts things in order (health, informers, their first lists, election, controllers) and stops them in reverse.
 * Informers run on every replica, controllers only on the leader.
 */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #informers = new Set<Source>();
  readonly #controllers: Controller[] = [];
  readonly #stops: { name: string; stop: () => Promise<void> }[] = [];

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
  }

  /** Adds an informer that controllers only read. Those that feed a controller are added with it. */
  addInformer(informer: Source): this {
    this.#informers.add(informer);
    return this;
  }

  /** Adds a controller, and the informers that feed it. */
  addController(controller: Controller): this {
    this.#controllers.push(controller);
    for (const source of controller.sources) this.#informers.add(source);
    return this;
  }

  /** Adds a callback for the stop, after controllers and informers have ended, in reverse order: flush events, close the client. */
  onStop(name: string, stop: () => Promise<void>): this {
    this.#stops.push({ name, stop });
    return this;
  }

  /**
   * Runs until the signal aborts (resolves to 'stopped') or leadership is lost ('lost-leadership': exit non-zero, at
   * once). Rejects when the first lists do not arrive in time or the port is taken. Stops everything in any case.
   */
  async run(signal: AbortSignal): Promise<ManagerEnd> {
    const { health } = this.#options;
    // Informers outlive the signal, because reconciles that end may still read them.
    const following = new AbortController();
    let end: ManagerEnd | undefined;
    let follows: Promise<void>[] = [];
    for (const informer of this.#informers) {
      health.addReadyCheck(`informer ${informer.name}`, () =>
        informer.hasSynced ? undefined : 'the first list is not complete',
      );
    }
    try {
      const port = await health.start();
      this.#log.info({ port }, 'serving probes and metrics');
      follows = [...this.#informers].map((informer) => informer.run(following.signal));
      if (await this.#synced(signal)) {
        this.#log.info('caches are synced');
        end = await this.#lead(signal);
      } else end = 'stopped';
      return end;
    } finally {
      // A stop callback may close the client. An informer that still watched would log that as a broken watch.
      following.abort();
      await Promise.all(follows);
      // A process that lost the lease must exit soon: another leads already.
      if (end !== 'lost-leadership') await this.#stopAll();
      await health.stop();
      this.#log.info({ end: end ?? 'failed' }, 'ended');
    }
  }

  /** False when the signal aborted first. */
  async #synced(signal: AbortSignal): Promise<boolean> {
    const timeoutMs = this.#options.syncTimeoutMs ?? 60_000;
    const waits = [...this.#informers].map((informer) => informer.waitForSync(timeoutMs, signal));
    try {
      await Promise.all(waits);
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  async #lead(signal: AbortSignal): Promise<ManagerEnd> {
    const { election } = this.#options;
    if (!election) {
      await this.#control(signal);
      return 'stopped';
    }
    const end = await election.run(signal, (leading) => this.#control(leading));
    return end === 'lost' ? 'lost-leadership' : 'stopped';
  }

  /** Runs the controllers until the signal aborts, then waits for their reconciles, but not beyond stopTimeoutMs. */
  async #control(signal: AbortSignal): Promise<void> {
    const running = Promise.all(this.#controllers.map((controller) => controller.run(signal)));
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await this.#within('running reconciles', running);
  }

  async #stopAll(): Promise<void> {
    for (const { name, stop } of this.#stops.toReversed()) {
      try {
        await this.#within(name, stop());
      } catch (error) {
        this.#log.error({ err: error, what: name }, 'stop failed');
      }
    }
  }

  async #within(what: string, work: Promise<unknown>): Promise<void> {
    const timeoutMs = this.#options.stopTimeoutMs ?? 20_000;
    const done = new AbortController();
    const late = sleep(this.#clock, timeoutMs, done.signal).then(
      () => this.#log.error({ what, timeoutMs }, 'did not end in time; continuing without it'),
      () => {},
    );
    try {
      await Promise.race([work, late]);
    } finally {
      done.abort();
    }
  }
}

/** A signal that aborts on the first SIGTERM or SIGINT. The second ends the process at once, with code 130. */
export function stopSignal(log: Log): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130);
      log.info({ signal: name }, 'stopping');
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  return stop.signal;
}
