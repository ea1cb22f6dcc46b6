import { isConflict, isNotFound } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { type Intent, type ObjectWithStatus, objectName, type Resource } from '@backendai-e2e/kube/object';
import { ownedStatus, sameJson } from '@backendai-e2e/kube/owned-fields';

/** Objects whose last write is remembered. A forgotten one costs at most a refused write. */
const REMEMBERED = 5_000;
/** Writes tried at once when others write to the same object. */
const TRIES = 10;

/** What a status is written with. */
type StatusClient = Pick<KubeClient, 'applyStatus' | 'get'>;

/** The kind of the objects whose status is written, and the name under which it is applied. */
export interface StatusWriterOptions<T extends ObjectWithStatus> {
  client: StatusClient;
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
    const { generation } = object.metadata;
    const wanted = { ...status, ...(generation === undefined ? {} : { observedGeneration: generation }) };
    const present = object.metadata.managedFields ? ownedStatus(object, fieldManager) : object.status;
    if (sameJson(present, wanted)) return object;
    // Labels or the like were written: the decision still holds. Otherwise the caller must decide again.
    const holds = (decidedOn: T, stored: T) => sameGround(decidedOn, stored);
    const after = await applyFenced(client, resource, object, wanted, { fieldManager, holds, signal });
    if (after) this.#remember(after);
    return after;
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

/** In whose name a part of a status is written, and on what condition. */
export interface StatusPartOptions {
  /** The name under which the part is applied. A later part under this name replaces it. */
  fieldManager: string;
  /** Refuses the write (isConflict) when the stored object is newer than the given one. Default false. */
  onlyIfUnchanged?: boolean;
  signal: AbortSignal;
}

/**
 * Applies a part of an object's status, over the fields that others wrote there. Resolves to whether it was written. It was not
 * when the object is gone or was replaced by another of its name. Rejects with the other refusals of the API server.
 */
export async function applyStatusPart<T extends ObjectWithStatus>(
  client: StatusClient,
  resource: Resource<T>,
  object: Pick<T, 'metadata'>,
  status: Partial<NonNullable<T['status']>>,
  { fieldManager, onlyIfUnchanged = false, signal }: StatusPartOptions,
): Promise<boolean> {
  const holds = () => !onlyIfUnchanged;
  return (await applyFenced(client, resource, object, status, { fieldManager, holds, signal })) !== undefined;
}

/** How a status is applied that was decided on an object like D. */
interface Fence<T, D> extends Omit<StatusPartOptions, 'onlyIfUnchanged'> {
  /** Whether the status is still right for the stored object, which has changed since. */
  holds(decidedOn: D, stored: T): boolean;
}

/**
 * Applies a status at the version that the object had. The API server ignores the uid in an apply to a status. Without the
 * version, it would write into a later object of the same name. Resolves to undefined when the object is gone or was replaced.
 */
async function applyFenced<T extends ObjectWithStatus, D extends Pick<T, 'metadata'>>(
  client: StatusClient,
  resource: Resource<T>,
  decidedOn: D,
  status: object,
  { fieldManager, holds, signal }: Fence<T, D>,
): Promise<T | undefined> {
  const { uid } = decidedOn.metadata;
  let { resourceVersion } = decidedOn.metadata;
  for (let tries = 1; ; tries += 1) {
    try {
      const metadata = { ...objectName(decidedOn), uid, resourceVersion };
      // The cast: the compiler cannot see that part of a generic T's status is a valid intent.
      const intent = { metadata, status } as unknown as Intent<T>;
      return await client.applyStatus(resource, intent, { fieldManager, force: true, signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isConflict(error) || tries >= TRIES) throw error;
      const stored = await client.get(resource, objectName(decidedOn), { signal });
      if (!stored || stored.metadata.uid !== uid) return undefined;
      if (!holds(decidedOn, stored)) throw error;
      resourceVersion = stored.metadata.resourceVersion;
    }
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
