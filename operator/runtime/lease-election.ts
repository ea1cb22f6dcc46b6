import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import type { Log } from './log.ts';
import type { RuntimeMetrics } from './metrics.ts';

export interface LeaseElectionOptions {
  client: KubeClient;
  namespace: string;
  /** Name of the Lease. */
  name: string;
  /** This candidate: the pod's name and something unique. */
  identity: string;
  log: Log;
  metrics: RuntimeMetrics;
  clock?: Clock;
  /** Milliseconds, defaults 15 000, 10 000, 2 000 as in client-go. */
  leaseDurationMs?: number;
  renewDeadlineMs?: number;
  retryPeriodMs?: number;
}

/** How a candidacy ended: released by us, or lost (another took it, or it could not be renewed in time). */
export type ElectionEnd = 'released' | 'lost';

/** One candidate for a Lease. */
export class LeaseElection {
  constructor(_options: LeaseElectionOptions) {
    throw new Error('not written yet');
  }

  get isLeader(): boolean {
    throw new Error('not written yet');
  }

  /**
   * Waits for the Lease, calls `lead` once with a signal that aborts when leadership ends, and renews meanwhile.
   * On abort of `signal` it waits for `lead` to end (the caller bounds that), gives the Lease back and resolves to
   * 'released'. When leadership is lost it resolves to 'lost' at once: the process must exit.
   */
  run(_signal: AbortSignal, _lead: (leading: AbortSignal) => Promise<void>): Promise<ElectionEnd> {
    throw new Error('not written yet');
  }
}
