import { type KubeObject, keyOf, type ObjectName, objectName } from '@backendai-e2e/kube/object';

/** A change of an object. `object` is its newest state (deleted: the last known one). An object that leaves the cache counts as deleted. */
export type Change<T> =
  | { type: 'added'; name: ObjectName; object: T }
  | { type: 'updated'; name: ObjectName; object: T; old: T }
  | { type: 'deleted'; name: ObjectName; object: T };

/** The last known objects of a kind, by namespace and name. Each update returns its changes. */
export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();

  get size(): number {
    return this.#objects.size;
  }

  get(at: ObjectName): T | undefined {
    return this.#objects.get(keyOf(at));
  }

  list(namespace?: string): T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Stores an object that a watch reports as added or modified. */
  put(object: T): Change<T>[] {
    const name = objectName(object);
    const key = keyOf(name);
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    if (old === undefined) return [{ type: 'added', name, object }];
    if (old.metadata.uid !== object.metadata.uid) {
      // Deleted and created again between two looks: handlers must see the deletion of the old one.
      return [
        { type: 'deleted', name, object: old },
        { type: 'added', name, object },
      ];
    }
    if (old.metadata.resourceVersion === object.metadata.resourceVersion) return [];
    return [{ type: 'updated', name, object, old }];
  }

  /** Removes an object that a watch reports as deleted. */
  remove(object: T): Change<T>[] {
    const name = objectName(object);
    if (!this.#objects.delete(keyOf(name))) return [];
    return [{ type: 'deleted', name, object }];
  }

  /** Replaces all objects by a full list; objects that are not in it are deleted. */
  replaceAll(objects: readonly T[]): Change<T>[] {
    const listed = new Set(objects.map((object) => keyOf(objectName(object))));
    const gone = [...this.#objects.values()].filter((object) => !listed.has(keyOf(objectName(object))));
    return [
      ...gone.flatMap((object) => this.remove(object)),
      ...objects.flatMap((object) => this.put(object)),
    ];
  }
}
