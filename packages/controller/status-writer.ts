import { isNotFound } from '@backendai-e2e/kube/api-error';
import type { CallOptions, KubeClient } from '@backendai-e2e/kube/client';
import { type Intent, type ObjectWithStatus, objectName, type Resource } from '@backendai-e2e/kube/object';
import { ownedStatus, sameJson } from '@backendai-e2e/kube/owned-fields';

/** Objects whose last written status is remembered. Older ones are forgotten, which only costs a write. */
const REMEMBERED = 10_000;

export interface StatusWriterOptions<T extends ObjectWithStatus> {
  client: Pick<KubeClient, 'applyStatus'>;
  resource: Resource<T>;
  fieldManager: string;
}

/**
 * Writes the operator's part of a status: server-side apply with its own field manager, only when that part changed,
 * and always with observedGeneration.
 */
export class StatusWriter<T extends ObjectWithStatus> {
  readonly #options: StatusWriterOptions<T>;
  /** By uid: what was written last, because the object at hand may come from a cache that has not seen it yet. */
  readonly #written = new Map<string, unknown>();

  constructor(options: StatusWriterOptions<T>) {
    this.#options = options;
  }

  /**
   * Makes the operator's part of the status what is given (fields it wrote before and leaves out now are removed).
   * observedGeneration is the generation of `object`, the object as last seen, with managedFields. Resolves to the object
   * after the write, or to the given one when nothing had to be written. An object that is gone, or was made anew under
   * its name, is no error: resolves to undefined. (A status takes no precondition on the uid. What the namesake got is
   * made right by its own reconcile.)
   */
  async write(
    object: T,
    status: NonNullable<T['status']>,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    const { client, resource, fieldManager } = this.#options;
    const { uid, generation } = object.metadata;
    const wanted: Record<string, unknown> = { ...status };
    if (generation !== undefined) wanted.observedGeneration = generation;
    const memory = uid === undefined ? undefined : this.#written.get(uid);
    const known = memory === undefined || sameJson(memory, wanted);
    if (known && sameJson(ownedStatus(object, fieldManager), wanted)) return object;
    // The cast: that a generic T's status may be given in part cannot be shown to the compiler.
    const intent = { metadata: objectName(object), status: wanted };
    try {
      const after = await client.applyStatus(resource, intent as unknown as Intent<T>, {
        ...options,
        fieldManager,
        force: true,
      });
      if (uid !== undefined && after.metadata.uid !== uid) return undefined;
      if (uid !== undefined) this.#remember(uid, wanted);
      return after;
    } catch (error) {
      if (uid !== undefined) this.#written.delete(uid);
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #remember(uid: string, status: unknown): void {
    this.#written.delete(uid);
    this.#written.set(uid, status);
    if (this.#written.size <= REMEMBERED) return;
    const oldest = this.#written.keys().next();
    if (!oldest.done) this.#written.delete(oldest.value);
  }
}
