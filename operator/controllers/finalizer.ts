import { FIELD_MANAGERS } from '../api/group.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { type KubeObject, objectName, type Resource } from '../runtime/kube-object.ts';

/**
 * Holds or drops a finalizer of an object; resolves to the object after it. Rejects with a conflict (isConflict) when somebody
 * wrote to the object since it was read: others may have finalizers of their own.
 */
export async function setFinalizer<T extends KubeObject>(
  client: Pick<KubeClient, 'mergePatch'>,
  { resource, finalizer }: { resource: Resource<T>; finalizer: string },
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
    { fieldManager: FIELD_MANAGERS.operator, signal },
  );
}
