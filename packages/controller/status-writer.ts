import { isConflict, isNotFound } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { type Intent, type ObjectWithStatus, objectName, type Resource } from '@backendai-e2e/kube/object';
import { ownedStatus, sameJson } from '@backendai-e2e/kube/owned-fields';

/** Objects whose last write is remembered. A forgotten one costs at most a refused write. */
const REMEMBERED = 5_000;
/** Writes tried at once when others write to the same object. */
const TRIES = 10;

/** The kind of the objects whose status is written, and the name under which it is applied. */
export interface StatusWriterOptions<T extends ObjectWithStatus> {
  client: Pick<KubeClient, 'applyStatus' | 'get'>;
  resource: Resource<T>;
  fieldManager: string;
}

/**
 * Writes a status by server-side apply, with observedGeneration, and only when it changes. The API server refuses a write
 * (409 Conflict) that was decided on an older state than the stored one. So neither a lagging cache nor a second operator can
 * take back a decision. `latest` returns what was written here before the cache has seen it.
 */
export class StatusWriter<T extends ObjectWithStatus> {
  readonly #options: StatusWriterOptions<T>;
  /** By uid: the object as the last write returned it. */
  readonly #written = new Map<string, T>();

  constructor(options: StatusWriterOptions<T>) {
    this.#options = options;
  }

  /** The newer of the cached object and the one that the last write returned. */
  latest(cached: T): T {
    const { uid } = cached.metadata;
    const written = uid === undefined ? undefined : this.#written.get(uid);
    if (!written || !uid) return cached;
    if (versionOf(written) > versionOf(cached)) return written;
    this.#written.delete(uid);
    return cached;
  }

  /**
   * Makes the status what is given. Fields that this field manager wrote before and leaves out now are removed. An object with
   * managedFields is compared by the fields of this field manager. One without them is compared as a whole, so no other manager
   * may write the status of the kind.
   *
   * Resolves to the object after the write, or to the given one when nothing differs. Resolves to undefined when the object is
   * gone or was replaced by another of its name. Rejects with a conflict (isConflict) when `object` is no longer the stored one.
   */
  async write(object: T, status: NonNullable<T['status']>, signal: AbortSignal): Promise<T | undefined> {
    const { client, resource, fieldManager } = this.#options;
    const { uid, generation } = object.metadata;
    const wanted = { ...status, ...(generation === undefined ? {} : { observedGeneration: generation }) };
    const present = object.metadata.managedFields ? ownedStatus(object, fieldManager) : object.status;
    if (sameJson(present, wanted)) return object;
    let base = object;
    for (let tries = 1; ; tries += 1) {
      try {
        const after = await this.#apply(base, wanted, signal);
        this.#remember(after);
        return after;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isConflict(error) || tries >= TRIES) throw error;
        const stored = await client.get(resource, objectName(object), { signal });
        if (!stored || stored.metadata.uid !== uid) return undefined;
        // Labels or the like were written: the decision still holds. Otherwise the caller must decide again.
        if (!sameGround(object, stored)) throw error;
        base = stored;
      }
    }
  }

  #apply(base: T, status: object, signal: AbortSignal): Promise<T> {
    const { client, resource, fieldManager } = this.#options;
    const { uid, resourceVersion } = base.metadata;
    const intent = { metadata: { ...objectName(base), uid, resourceVersion }, status };
    // The cast: the compiler cannot see that part of a generic T's status is a valid intent.
    return client.applyStatus(resource, intent as unknown as Intent<T>, {
      fieldManager,
      force: true,
      signal,
    });
  }

  #remember(object: T): void {
    const { uid } = object.metadata;
    if (uid === undefined) return;
    this.#written.delete(uid);
    this.#written.set(uid, object);
    const oldest = this.#written.size > REMEMBERED ? this.#written.keys().next() : undefined;
    if (oldest && !oldest.done) this.#written.delete(oldest.value);
  }
}

/** Versions of one object grow: etcd's revision in decimal. */
function versionOf(object: ObjectWithStatus): bigint {
  const version = object.metadata.resourceVersion ?? '0';
  return /^\d+$/.test(version) ? BigInt(version) : 0n;
}

/** Whether a decision on one state of an object holds for another: same object, spec and status, same deletion. */
function sameGround(decidedOn: ObjectWithStatus, stored: ObjectWithStatus): boolean {
  const [a, b] = [decidedOn.metadata, stored.metadata];
  return (
    a.uid === b.uid &&
    a.generation === b.generation &&
    a.deletionTimestamp === b.deletionTimestamp &&
    sameJson(decidedOn.status, stored.status)
  );
}
