import { isConflict, isNotFound } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { type Intent, type ObjectWithStatus, objectName, type Resource } from '@backendai-e2e/kube/object';
import { sameJson } from '@backendai-e2e/kube/owned-fields';

/** Objects whose last write is remembered. */
const REMEMBERED = 5_000;
/** Writes tried at once when others write to the same object. */
const TRIES = 10;

/**
 * The status of a kind of which the operator is the only writer. Writes are refused by the API server (409 Conflict) when
 * the decision was made on an older state than the stored one, so that neither a lagging cache nor a second operator can
 * take back what was decided; and what was written here is read here, before the cache has heard of it.
 */
export class FencedStatus<T extends ObjectWithStatus> {
  readonly #client: Pick<KubeClient, 'applyStatus' | 'get'>;
  readonly #resource: Resource<T>;
  readonly #fieldManager: string;
  readonly #written = new Map<string, T>();

  constructor(client: Pick<KubeClient, 'applyStatus' | 'get'>, resource: Resource<T>, fieldManager: string) {
    this.#client = client;
    this.#resource = resource;
    this.#fieldManager = fieldManager;
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
   * Makes the status what is given, with observedGeneration, unless it is that already. Resolves to the object after it, or
   * to undefined when it is gone. Rejects with a conflict (isConflict) when `object` is no longer the stored one.
   */
  async write(object: T, status: NonNullable<T['status']>, signal: AbortSignal): Promise<T | undefined> {
    const { generation } = object.metadata;
    const wanted = { ...status, ...(generation === undefined ? {} : { observedGeneration: generation }) };
    if (sameJson(object.status, wanted)) return object;
    let base = object;
    for (let tries = 1; ; tries += 1) {
      try {
        const after = await this.#apply(base, wanted, signal);
        this.#remember(after);
        return after;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isConflict(error) || tries >= TRIES) throw error;
        const stored = await this.#client.get(this.#resource, objectName(object), { signal });
        if (!stored) return undefined;
        // Somebody wrote labels or the like: what was decided still holds. Else it is to be decided anew.
        if (!sameGround(object, stored)) throw error;
        base = stored;
      }
    }
  }

  #apply(base: T, status: object, signal: AbortSignal): Promise<T> {
    const { uid, resourceVersion } = base.metadata;
    const intent = { metadata: { ...objectName(base), uid, resourceVersion }, status };
    // The cast: that a generic T's status may be given in part cannot be shown to the compiler.
    return this.#client.applyStatus(this.#resource, intent as unknown as Intent<T>, {
      fieldManager: this.#fieldManager,
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

/** Whether a decision on one state of an object holds for another: same object, spec, status, and not being deleted. */
function sameGround(decidedOn: ObjectWithStatus, stored: ObjectWithStatus): boolean {
  const [a, b] = [decidedOn.metadata, stored.metadata];
  return (
    a.uid === b.uid &&
    a.generation === b.generation &&
    a.deletionTimestamp === b.deletionTimestamp &&
    sameJson(decidedOn.status, stored.status)
  );
}
