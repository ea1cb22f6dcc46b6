import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { type KubeObject, type Resource, withoutManagedFields } from '@backendai-e2e/kube/object';
import type { Controller, ControllerOptions } from './controller.ts';
import { ControllerBuilder, type ControllerHome } from './controller-builder.ts';
import type { EventLog } from './event-log.ts';
import { Informer, type InformerOptions } from './informer.ts';
import type { Log } from './log.ts';
import type { Manager } from './manager.ts';
import type { RuntimeMetrics } from './metrics.ts';

/** What an informer of one kind may differ in. */
export type CacheOptions<T extends KubeObject> = Pick<
  InformerOptions<T>,
  'transform' | 'labelSelector' | 'pageSize'
>;

/** What the controllers of one namespace share. */
export interface NamespaceScopeOptions {
  manager: Manager;
  namespace: string;
  client: KubeClient;
  clock: Clock;
  log: Log;
  metrics: RuntimeMetrics;
  events: EventLog;
  /** The process watches several namespaces: controllers are named "<name>/<namespace>" in logs and metrics. */
  severalNamespaces: boolean;
}

/**
 * One namespace that a manager looks after: its informers, one for each kind, and the controllers that they feed. All
 * kinds must be declared with `cache` before a controller asks for one.
 */
export class NamespaceScope implements ControllerHome {
  readonly namespace: string;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RuntimeMetrics;
  readonly events: EventLog;
  readonly #manager: Manager;
  readonly #several: boolean;
  readonly #informers = new Map<string, unknown>();

  constructor(options: NamespaceScopeOptions) {
    this.namespace = options.namespace;
    this.client = options.client;
    this.clock = options.clock;
    this.log = options.log;
    this.metrics = options.metrics;
    this.events = options.events;
    this.#manager = options.manager;
    this.#several = options.severalNamespaces;
  }

  /** Declares that objects of a kind are cached. By default they lose their managedFields and nothing else. */
  cache<T extends KubeObject>(resource: Resource<T>, options: CacheOptions<T> = {}): this {
    const { client, namespace, log, metrics } = this;
    const transform = options.transform ?? withoutManagedFields;
    this.#informers.set(
      resource.plural,
      new Informer<T>({ client, namespace, log, metrics, ...options, resource, transform }),
    );
    return this;
  }

  /** The informer of a kind. Throws when no domain has declared the kind. */
  informer<T extends KubeObject>(resource: Resource<T>): Informer<T> {
    const informer = this.#informers.get(resource.plural);
    if (!informer) throw new Error(`${resource.plural} are not cached: declare them with cache() first`);
    // The cast: `cache` stored an informer of this very resource under its plural.
    return informer as Informer<T>;
  }

  /** Begins to declare a controller. `name` is the one in metrics and logs. */
  controller(
    name: string,
    options: Pick<ControllerOptions, 'workers' | 'deadlineMs'> = {},
  ): ControllerBuilder {
    const { log, metrics } = this;
    const fullName = this.#several ? `${name}/${this.namespace}` : name;
    return new ControllerBuilder(this, { ...options, name: fullName, log, metrics });
  }

  /** Adds a controller to the manager; a builder's `complete` does so. */
  add(controller: Controller): void {
    this.#manager.addController(controller);
  }

  /** Calls back when the manager stops, after the controllers ended. */
  onStop(name: string, stop: () => Promise<void>): void {
    this.#manager.onStop(name, stop);
  }
}
