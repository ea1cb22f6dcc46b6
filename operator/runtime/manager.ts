import type { Clock } from './clock.ts';
import type { Controller } from './controller.ts';
import type { HealthServer } from './health.ts';
import type { Source } from './informer.ts';
import type { LeaseElection } from './lease-election.ts';
import type { Log } from './log.ts';

export interface ManagerOptions {
  log: Log;
  health: HealthServer;
  /** Left out: it leads at once (tests, a single replica). */
  election?: LeaseElection | undefined;
  /** Milliseconds for the first lists. Default 60 000. */
  syncTimeoutMs?: number;
  /** Milliseconds for the running reconciles to end when it stops. Default 20 000. */
  stopTimeoutMs?: number;
  clock?: Clock;
}

/** How the manager ended: asked to stop, leadership lost, or it could not start. */
export type ManagerEnd = 'stopped' | 'lost-leadership';

/**
 * Starts things in order (health, informers, their first lists, election, controllers) and stops them in reverse.
 * Informers run on every replica, controllers only on the leader.
 */
export class Manager {
  constructor(_options: ManagerOptions) {
    throw new Error('not written yet');
  }

  /** Adds an informer, for controllers that only read it; those that feed a controller come with the controller. */
  addInformer(_informer: Source): this {
    throw new Error('not written yet');
  }

  addController(_controller: Controller): this {
    throw new Error('not written yet');
  }

  /** Called on stop, in reverse order of adding, after the controllers ended: flush events, close the client. */
  onStop(_name: string, _stop: () => Promise<void>): this {
    throw new Error('not written yet');
  }

  /**
   * Runs until the signal aborts (resolves to 'stopped') or leadership is lost ('lost-leadership': exit non-zero).
   * Rejects when the first lists do not come in time or the port is taken.
   */
  run(_signal: AbortSignal): Promise<ManagerEnd> {
    throw new Error('not written yet');
  }
}

/** A signal that aborts on the first SIGTERM or SIGINT; the second ends the process at once. */
export function stopSignal(_log: Log): AbortSignal {
  throw new Error('not written yet');
}
