import type { Clock } from './clock.ts';
import type { Change, Informer, Source } from './informer.ts';
import type { KubeObject, ObjectName } from './kube-object.ts';
import type { Log } from './log.ts';
import type { RuntimeMetrics } from './metrics.ts';

/** How a reconcile ended without an error. */
export interface Result {
  /** Look again after that many milliseconds, even when nothing changes. */
  requeueAfterMs?: number | undefined;
}

/** An error that no retry can help against: it is logged and counted, and the key waits for the next change. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/**
 * Brings one object to where it should be. Level-based: it reads what is and never relies on what happened.
 * The signal aborts when the process stops, leadership is lost, or the reconcile's own deadline is over.
 */
export type Reconcile = (name: ObjectName, signal: AbortSignal) => Promise<Result | undefined>;

export interface ControllerOptions {
  /** For metrics and logs: "testrun". */
  name: string;
  reconcile: Reconcile;
  /** Reconciles at once (of different keys). Default 1. */
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

  constructor(options: ControllerOptions) {
    this.name = options.name;
  }

  /** Enqueues the object itself on every change of it (or, with `when`, of those changes). */
  watches<T extends KubeObject>(_informer: Informer<T>, _when?: (change: Change<T>) => boolean): this {
    throw new Error('not written yet');
  }

  /** Enqueues whatever names the mapping gives for a change: the owner, or everything that refers to it. */
  watchesFor<T extends KubeObject>(
    _informer: Informer<T>,
    _map: (change: Change<T>) => Iterable<ObjectName | undefined>,
  ): this {
    throw new Error('not written yet');
  }

  enqueue(_name: ObjectName): void {
    throw new Error('not written yet');
  }

  enqueueAfter(_name: ObjectName, _ms: number): void {
    throw new Error('not written yet');
  }

  /** The informers that feed it: they must be synced before it starts. */
  get sources(): readonly Source[] {
    throw new Error('not written yet');
  }

  /** Works until the signal aborts, then lets the running reconciles end. Never rejects. */
  run(_signal: AbortSignal): Promise<void> {
    throw new Error('not written yet');
  }
}
