import { FIELD_MANAGERS, FINALIZERS } from '../api/group.ts';
import type { TestEnvironment } from '../api/test-environment.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { objectName } from '../runtime/kube-object.ts';
import { TEST_ENVIRONMENTS } from './kinds.ts';

/**
 * Holds or drops the finalizer of an environment; resolves to the environment after it. Rejects with a conflict
 * (isConflict) when somebody wrote to the object since it was read: others may have finalizers of their own.
 */
export async function setFinalizer(
  client: Pick<KubeClient, 'mergePatch'>,
  environment: TestEnvironment,
  what: 'hold' | 'drop',
  signal: AbortSignal,
): Promise<TestEnvironment> {
  const { finalizers: before = [], resourceVersion } = environment.metadata;
  if (before.includes(FINALIZERS.environment) === (what === 'hold')) return environment;
  const others = before.filter((name) => name !== FINALIZERS.environment);
  const finalizers = what === 'hold' ? [...others, FINALIZERS.environment] : others;
  return client.mergePatch(
    TEST_ENVIRONMENTS,
    objectName(environment),
    { metadata: { finalizers, resourceVersion } },
    { fieldManager: FIELD_MANAGERS.operator, signal },
  );
}
