import { controllerOf, type KubeObject, type ObjectName, type Resource } from '@backendai-e2e/kube/object';
import { Controller, type ControllerOptions, type Reconcile } from './controller.ts';
import type { Change, Informer } from './informer.ts';

/** Where a builder finds the informers of kinds, and where it puts the controller that it makes. */
export interface ControllerHome {
  informer<T extends KubeObject>(resource: Resource<T>): Informer<T>;
  add(controller: Controller): void;
}

/**
 * Declares one controller: the kind that it reconciles, the kinds that it owns, and the other kinds whose changes matter.
 * Nothing exists before `complete`.
 */
export class ControllerBuilder {
  readonly #home: ControllerHome;
  readonly #options: Omit<ControllerOptions, 'reconcile'>;
  readonly #sources: ((controller: Controller) => void)[] = [];

  constructor(home: ControllerHome, options: Omit<ControllerOptions, 'reconcile'>) {
    this.#home = home;
    this.#options = options;
  }

  /** Reconciles every object of the kind when it changes. */
  for<T extends KubeObject>(resource: Resource<T>): this {
    return this.watches(resource, ({ name }) => [name]);
  }

  /** Reconciles the object of kind `owner` that controls a changed object of kind `resource`. */
  owns<T extends KubeObject, O extends KubeObject>(resource: Resource<T>, owner: Resource<O>): this {
    return this.watches(resource, ({ object }) => [controllerOf(object, owner)]);
  }

  /**
   * Reconciles the objects that the mapping names when an object of the kind changes.
   * @param delayMs milliseconds to wait, so that changes that come together lead to one reconcile
   */
  watches<T extends KubeObject>(
    resource: Resource<T>,
    map: (change: Change<T>) => Iterable<ObjectName | undefined>,
    delayMs = 0,
  ): this {
    const informer = this.#home.informer(resource);
    this.#sources.push((controller) => controller.watchesFor(informer, map, delayMs));
    return this;
  }

  /** Makes the controller and adds it to the manager. */
  complete(reconcile: Reconcile): Controller {
    const controller = new Controller({ ...this.#options, reconcile });
    for (const connect of this.#sources) connect(controller);
    this.#home.add(controller);
    return controller;
  }
}
