import type { OwnerReference } from '@backendai-e2e/api/group';
import { CONNECTION_KEY } from '@backendai-e2e/api/test-environment';
import type { Secret } from '@backendai-e2e/kube/builtin-resources';
import type { Intent } from '@backendai-e2e/kube/object';

/** Name of the copy that suites of an environment mount, in the environment object's namespace. */
export function connectionSecretName(environment: string): string {
  return `${environment}-connection`;
}

/**
 * The copy of the deployment's connection Secret beside the TestEnvironment, which owns it. Only connection.json is
 * copied. Undefined when the source does not hold it.
 */
export function connectionCopy(
  source: Secret,
  target: { name: string; namespace: string; owner: OwnerReference },
): Intent<Secret> | undefined {
  const content = source.data?.[CONNECTION_KEY];
  if (!content) return undefined;
  return {
    metadata: { name: target.name, namespace: target.namespace, ownerReferences: [target.owner] },
    type: 'Opaque',
    data: { [CONNECTION_KEY]: content },
  };
}
