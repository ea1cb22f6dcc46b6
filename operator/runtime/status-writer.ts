import type { CallOptions, KubeClient } from './kube-client.ts';
import type { ObjectWithStatus, Resource } from './kube-object.ts';

/**
 * Writes the operator's part of a status: server-side apply with its own field manager, only when that part changed,
 * and always with observedGeneration.
 */
export class StatusWriter<T extends ObjectWithStatus> {
  constructor(_options: { client: KubeClient; resource: Resource<T>; fieldManager: string }) {
    throw new Error('not written yet');
  }

  /**
   * Makes the operator's part of the status what is given (fields it wrote before and leaves out now are removed).
   * `object` is the object as last seen, with managedFields. Resolves to the object after the write, or to the given one
   * when nothing had to be written. An object that is gone (404) is no error: resolves to undefined.
   */
  write(_object: T, _status: NonNullable<T['status']>, _options?: CallOptions): Promise<T | undefined> {
    throw new Error('not written yet');
  }
}
