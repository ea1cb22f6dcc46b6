import { type KubeObject, keyOf, type ObjectName, objectName } from '@backendai-e2e/kube/object';

/** What happened to an object. `object` is its newest state (for deleted: the last one known). One that is not kept any more counts as deleted. */
export type Change<T> =
  | { type: 'added'; name: ObjectName; object: T }
  | { type: 'updated'; name: ObjectName; object: T; old: T }
  | { type: 'deleted'; name: ObjectName; object: T };

/** The objects of a kind as last heard of, by namespace and name. Says what each piece of news changed. */
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

  /** Takes in an object that a watch reports as added or modified. */
  put(object: T): Change<T>[] {
    const name = objectName(object);
    const key = keyOf(name);
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    if (old === undefined) return [{ type: 'added', name, object }];
    if (old.metadata.uid !== object.metadata.uid) {
      // Deleted and made anew while we were not looking: whoever counts on the old one must hear of its end.
      return [
        { type: 'deleted', name, object: old },
        { type: 'added', name, object },
      ];
    }
    if (old.metadata.resourceVersion === object.metadata.resourceVersion) return [];
    return [{ type: 'updated', name, object, old }];
  }

  /** Takes out an object that a watch reports as deleted. */
  remove(object: T): Change<T>[] {
    const name = objectName(object);
    if (!this.#objects.delete(keyOf(name))) return [];
    return [{ type: 'deleted', name, object }];
  }

  /** Takes in a full list: what is not in it is gone. */
  replaceAll(objects: readonly T[]): Change<T>[] {
    const listed = new Set(objects.map((object) => keyOf(objectName(object))));
    const gone = [...this.#objects.values()].filter((object) => !listed.has(keyOf(objectName(object))));
    return [
      ...gone.flatMap((object) => this.remove(object)),
      ...objects.flatMap((object) => this.put(object)),
    ];
  }
}
