import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import type { KubeObject, ObjectName, Resource } from './kube-object.ts';
import type { Log } from './log.ts';
import type { RuntimeMetrics } from './metrics.ts';

/** What happened to an object. `object` is its newest state (for deleted: the last one known). */
export type Change<T> =
  | { type: 'added'; name: ObjectName; object: T }
  | { type: 'updated'; name: ObjectName; object: T; old: T }
  | { type: 'deleted'; name: ObjectName; object: T };

/** Called for every change, in order; must be quick and only enqueue keys. A throw is logged and counted. */
export type ChangeHandler<T> = (change: Change<T>) => void;

export interface InformerOptions<T extends KubeObject> {
  client: KubeClient;
  resource: Resource<T>;
  /** Left out: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  log: Log;
  metrics: RuntimeMetrics;
  clock?: Clock;
  /** Milliseconds between full lists while the watch is fine. Default 600 000, with jitter. */
  relistMs?: number;
  /** Milliseconds without any line of the watch (bookmarks come about every minute) after which it is cut. Default 150 000. */
  silenceMs?: number;
}

/** An informer of whatever kind, as the manager sees it. */
export interface Source {
  readonly name: string;
  readonly hasSynced: boolean;
  run(signal: AbortSignal): Promise<void>;
  waitForSync(timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

/**
 * A cache of all objects of a kind that follows the API server: list, then watch from there, and again after every error.
 * The cache may lag behind; objects in it must not be changed.
 */
export class Informer<T extends KubeObject> implements Source {
  readonly resource: Resource<T>;

  /** For logs and checks: the plural, with the selector when there is one. */
  get name(): string {
    throw new Error('not written yet');
  }

  constructor(options: InformerOptions<T>) {
    this.resource = options.resource;
  }

  /** Registers a handler, before or after start; what is in the cache already is told to it as added. Returns its removal. */
  onChange(_handler: ChangeHandler<T>): () => void {
    throw new Error('not written yet');
  }

  /** Follows until the signal aborts; never rejects. */
  run(_signal: AbortSignal): Promise<void> {
    throw new Error('not written yet');
  }

  /** True once the first list is in the cache and told to the handlers. */
  get hasSynced(): boolean {
    throw new Error('not written yet');
  }

  /** Waits until hasSynced. Rejects after that many milliseconds, with the last error of the API server, or on abort. */
  waitForSync(_timeoutMs: number, _signal?: AbortSignal): Promise<void> {
    throw new Error('not written yet');
  }

  get(_at: ObjectName): T | undefined {
    throw new Error('not written yet');
  }

  /** Everything in the cache, or of one namespace. */
  list(_namespace?: string): T[] {
    throw new Error('not written yet');
  }
}
