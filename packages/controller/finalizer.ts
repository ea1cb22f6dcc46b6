import type { KubeClient } from '@backendai-e2e/kube/client';
import { type KubeObject, objectName, type Resource } from '@backendai-e2e/kube/object';

/**
 * Adds or removes a finalizer of an object. Resolves to the changed object. Others may have finalizers of their own. So it
 * rejects with a conflict (isConflict) when the object has changed since it was read.
 */
export async function setFinalizer<T extends KubeObject>(
  client: Pick<KubeClient, 'mergePatch'>,
  { resource, finalizer, fieldManager }: { resource: Resource<T>; finalizer: string; fieldManager: string },
  object: T,
  what: 'hold' | 'drop',
  signal: AbortSignal,
): Promise<T> {
  const { finalizers: before = [], resourceVersion } = object.metadata;
  if (before.includes(finalizer) === (what === 'hold')) return object;
  const others = before.filter((name) => name !== finalizer);
  const finalizers = what === 'hold' ? [...others, finalizer] : others;
  return client.mergePatch(
    resource,
    objectName(object),
    { metadata: { finalizers, resourceVersion } },
    { fieldManager, signal },
  );
}
