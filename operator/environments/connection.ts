import type { OwnerReference } from '@backendai-e2e/api/group';
import type { InstalledBuild } from '@backendai-e2e/api/release';
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
 * @param build what is installed: suites get it in place of the version that the chart assumes
 */
export function connectionCopy(
  source: Secret,
  target: { name: string; namespace: string; owner: OwnerReference },
  build?: InstalledBuild,
): Intent<Secret> | undefined {
  const content = source.data?.[CONNECTION_KEY];
  if (!content) return undefined;
  return {
    metadata: { name: target.name, namespace: target.namespace, ownerReferences: [target.owner] },
    type: 'Opaque',
    data: { [CONNECTION_KEY]: build ? withBuild(content, build) : content },
  };
}

/** A connection (base64) with the build in it. One that is no JSON object stays as it is: suites report the error. */
function withBuild(content: string, build: InstalledBuild): string {
  try {
    const connection: unknown = JSON.parse(Buffer.from(content, 'base64').toString());
    if (typeof connection !== 'object' || connection === null || Array.isArray(connection)) return content;
    return Buffer.from(JSON.stringify({ ...connection, ...build }, undefined, 2)).toString('base64');
  } catch {
    return content;
  }
}
