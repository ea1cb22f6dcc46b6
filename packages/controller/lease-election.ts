import { isAlreadyExists, isConflict } from '@backendai-e2e/kube/api-error';
import { jittered } from '@backendai-e2e/kube/backoff';
import { LEASES, type Lease } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { type Clock, sleep, systemClock } from '@backendai-e2e/kube/clock';
import {
  type LeaseRecord,
  leaseMove,
  nextLookMs,
  recordFor,
  releasedRecord,
  type SeenRecord,
  see,
} from './lease-decision.ts';
import type { Log } from './log.ts';
import type { RuntimeMetrics } from './metrics.ts';

/** The Lease, the candidate and the three times of an election. */
export interface LeaseElectionOptions {
  client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  namespace: string;
  /** Name of the Lease. */
  name: string;
  /** Identity of this candidate: the pod's name and a unique suffix. */
  identity: string;
  log: Log;
  metrics: RuntimeMetrics;
  clock?: Clock;
  /** Milliseconds, defaults 15 000, 10 000, 2 000 as in client-go. */
  leaseDurationMs?: number;
  renewDeadlineMs?: number;
  retryPeriodMs?: number;
}

/** A write was refused, because this candidate has led and leads no longer. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** How a candidacy ended: released by this candidate, or lost (taken by another, or not renewed in time). */
export type ElectionEnd = 'released' | 'lost';

/** Share of the retry period for random jitter, as in client-go. */
const JITTER = 1.2;

/**
 * One candidate for a Lease. At most one candidate leads at a time, provided that all clocks run at nearly the same speed. A
 * leader stops renewDeadline after it *sent* its last renewal. Others wait leaseDuration after they saw it.
 */
export class LeaseElection {
  readonly #options: LeaseElectionOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  #seen: SeenRecord | undefined;
  #leading = false;
  /** Monotonic milliseconds of the request that took or last renewed the Lease. */
  #renewedMs = 0;
  #lost = false;

  constructor(options: LeaseElectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.child({ lease: options.name, identity: options.identity });
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
    if (this.#leaseDurationMs <= this.#renewDeadlineMs) {
      throw new RangeError('leaseDurationMs must be longer than renewDeadlineMs, or two could lead at once');
    }
    if (this.#renewDeadlineMs <= this.#retryPeriodMs * (1 + JITTER)) {
      throw new RangeError('renewDeadlineMs must leave room for a retry: more than 2.2 times retryPeriodMs');
    }
    options.metrics.leader.set({ lease: options.name }, 0);
  }

  /** Whether this process leads. */
  get isLeader(): boolean {
    return this.#leading;
  }

  /** The holder of the Lease as last seen; empty when it is free or nothing was seen. */
  get holder(): string {
    return this.#seen?.record.holderIdentity ?? '';
  }

  /**
   * Throws LeaseLostError when this candidate has led, and its lease is lost or was not renewed in time. A process that was
   * frozen learns this here when it wakes. Its timers come later, after the writes that it was about to send.
   */
  assertMayWrite(what: string): void {
    if (!this.#lost && !(this.#leading && this.#leftMs() <= 0)) return;
    const { namespace, name } = this.#options;
    throw new LeaseLostError(`Not sent: ${what}. This process lost the lease ${namespace}/${name}.`);
  }

  /**
   * Waits for the Lease, calls `lead` once with a signal that aborts when leadership ends, and renews meanwhile. On abort of
   * `signal` it waits for `lead` to end, releases the Lease and resolves to 'released'. The caller limits that wait. When
   * leadership is lost it resolves to 'lost' at once: the process must exit. Rejects with what `lead` rejects with, after the
   * release of the Lease.
   */
  async run(signal: AbortSignal, lead: (leading: AbortSignal) => Promise<void>): Promise<ElectionEnd> {
    if (!(await this.#acquire(signal))) return 'released';
    this.#setLeading(true);
    this.#log.info('leading');
    const leading = new AbortController();
    const renewing = new AbortController();
    const follow = () => leading.abort(signal.reason);
    signal.addEventListener('abort', follow, { once: true });
    if (signal.aborted) follow();
    const renewals = this.#renew(renewing.signal);
    const work = lead(leading.signal).then(() => 'done' as const);
    try {
      if ((await Promise.race([renewals, work])) === 'lost') {
        this.#lost = true;
        this.#setLeading(false);
        leading.abort(new Error(`Lost the lease ${this.#options.namespace}/${this.#options.name}.`));
        // Nothing waits for the work any longer; its errors must not be unhandled.
        work.catch((error) => this.#log.warn({ err: error }, 'work ended after the lease was lost'));
        return 'lost';
      }
      return 'released';
    } finally {
      signal.removeEventListener('abort', follow);
      if (this.#leading) {
        renewing.abort();
        await renewals;
        this.#setLeading(false);
        await this.#release();
      }
    }
  }

  /** Tries until it holds the Lease. False on abort. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (await this.#attempt(this.#renewDeadlineMs, signal)) return true;
      const interval = jittered(this.#retryPeriodMs, JITTER);
      const waitMs = nextLookMs(this.#seen, interval, this.#clock.monotonicMs());
      if (!(await this.#pause(waitMs, signal))) break;
    }
    return false;
  }

  /** Renews until the signal aborts ('stopped') or the lease is lost. */
  async #renew(stop: AbortSignal): Promise<'stopped' | 'lost'> {
    for (;;) {
      const left = this.#leftMs();
      if (left <= 0) {
        this.#log.error({ renewDeadlineMs: this.#renewDeadlineMs }, 'lost the lease: not renewed in time');
        return 'lost';
      }
      if (!(await this.#pause(Math.min(this.#retryPeriodMs, left), stop))) return 'stopped';
      const leftNow = this.#leftMs();
      if (leftNow <= 0) continue;
      const renewed = await this.#attempt(leftNow, stop);
      if (stop.aborted) return 'stopped';
      if (!renewed && this.holder !== this.#options.identity) {
        this.#log.error({ holder: this.holder }, 'lost the lease: another holds it');
        return 'lost';
      }
    }
  }

  /** Milliseconds until this candidate must stop to lead, unless it renews the Lease. */
  #leftMs(): number {
    return this.#renewedMs + this.#renewDeadlineMs - this.#clock.monotonicMs();
  }

  /** Tries once to take or renew, and notes when it began. Returns whether it succeeded. Never rejects. */
  async #attempt(deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const sentMs = this.#clock.monotonicMs();
    const call = { deadlineMs, signal };
    try {
      const lease = await client.get(LEASES, { namespace, name }, call);
      this.#look(lease);
      const move = leaseMove(this.#seen, identity, this.#clock.monotonicMs());
      if (move === 'wait') return false;
      const record = recordFor(
        move,
        this.#seen?.record,
        { identity, leaseDurationMs: this.#leaseDurationMs },
        this.#clock.now(),
      );
      const left = { signal, deadlineMs: Math.max(1, sentMs + deadlineMs - this.#clock.monotonicMs()) };
      const written =
        lease === undefined
          ? await client.create(LEASES, { metadata: { namespace, name }, spec: record }, left)
          : await client.replace(LEASES, { ...lease, spec: { ...lease.spec, ...record } }, left);
      this.#look(written);
      this.#renewedMs = sentMs;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      // Another candidate came first: the next look shows which.
      if (isConflict(error) || isAlreadyExists(error))
        this.#log.debug('the lease was changed by another candidate');
      else this.#log.warn({ err: error }, 'cannot take or renew the lease');
      return false;
    }
  }

  async #release(): Promise<void> {
    const { client, namespace, name, identity } = this.#options;
    try {
      const lease = await client.get(LEASES, { namespace, name }, { deadlineMs: this.#retryPeriodMs });
      const record = recordOf(lease);
      if (lease === undefined || record?.holderIdentity !== identity) return;
      const spec = { ...lease.spec, ...releasedRecord(record, this.#clock.now()) };
      // Its resourceVersion makes this fail if another candidate took the lease meanwhile.
      await client.replace(LEASES, { ...lease, spec }, { deadlineMs: this.#retryPeriodMs });
      this.#log.info('released the lease');
    } catch (error) {
      // The next leader then waits until the lease expires: slower, but correct.
      this.#log.warn({ err: error }, 'cannot release the lease');
    }
  }

  #look(lease: Lease | undefined): void {
    const record = recordOf(lease);
    const resourceVersion = lease?.metadata.resourceVersion ?? '';
    this.#seen = record && see(this.#seen, { record, resourceVersion }, this.#clock.monotonicMs());
  }

  #setLeading(leading: boolean): void {
    this.#leading = leading;
    this.#options.metrics.leader.set({ lease: this.#options.name }, leading ? 1 : 0);
  }

  /** False when the abort ended the wait. */
  async #pause(ms: number, signal: AbortSignal): Promise<boolean> {
    return sleep(this.#clock, ms, signal).then(
      () => true,
      () => false,
    );
  }
}

function recordOf(lease: Lease | undefined): LeaseRecord | undefined {
  if (lease === undefined) return undefined;
  const spec = lease.spec ?? {};
  return {
    holderIdentity: spec.holderIdentity ?? '',
    // A Lease without a duration counts as expired.
    leaseDurationSeconds: spec.leaseDurationSeconds ?? 0,
    acquireTime: spec.acquireTime ?? '',
    renewTime: spec.renewTime ?? '',
    leaseTransitions: spec.leaseTransitions ?? 0,
  };
}
