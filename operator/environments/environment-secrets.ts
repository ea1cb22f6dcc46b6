import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import type { InstalledBuild } from '@backendai-e2e/api/release';
import { ownerReference } from '@backendai-e2e/api/resources';
import { CONNECTION_KEY, CONNECTION_SECRET, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import { SECRETS, type Secret } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { Secrets, secretValues } from '@backendai-e2e/redaction/redaction';
import { secretDataValues } from '@backendai-e2e/redaction/secret-data';
import { connectionCopy, connectionSecretName } from './connection.ts';
import { namespaceOf } from './namespace.ts';

/** The secret values in a connection Secret; none if it cannot be parsed. */
export function secretsIn(secret: Secret | undefined): Secrets {
  const secrets = new Secrets();
  const content = secret?.data?.[CONNECTION_KEY];
  if (content === undefined) return secrets;
  try {
    secrets.add(secretValues(JSON.parse(Buffer.from(content, 'base64').toString())));
  } catch {
    // Suites report what is wrong with the Secret.
  }
  return secrets;
}

/**
 * The secret values of an environment's connection. Pods, probes and tools may print them, and their messages go into statuses,
 * events and logs. Read for such a message only, and not kept.
 */
export async function secretsOf(
  client: Pick<KubeClient, 'get'>,
  environment: TestEnvironment | undefined,
  signal: AbortSignal,
): Promise<Secrets> {
  const name = environment?.status?.connectionSecret;
  if (!environment || name === undefined) return new Secrets();
  const namespace = environment.metadata.namespace ?? '';
  return secretsIn(await client.get(SECRETS, { namespace, name }, { signal }));
}

/** The secret values in the Secrets of a deployment's namespace, except helm's releases. Read when needed, and not kept. */
export async function secretsInNamespace(
  client: Pick<KubeClient, 'list'>,
  namespace: string,
  signal: AbortSignal,
): Promise<Secrets> {
  const secrets = new Secrets();
  const { items } = await client.list(SECRETS, { namespace }, { signal });
  for (const { type, data } of items) {
    if (type === 'helm.sh/release.v1') continue;
    secrets.add(secretDataValues(data));
  }
  return secrets;
}

/**
 * Copies the connection Secret beside the environment object, with what is installed.
 * @returns the copy's name and its secret values
 */
export async function copyConnection(
  client: Pick<KubeClient, 'get' | 'apply'>,
  environment: TestEnvironment,
  build: InstalledBuild | undefined,
  signal: AbortSignal,
): Promise<{ name: string | undefined; secrets: Secrets }> {
  const source = await client.get(
    SECRETS,
    { namespace: namespaceOf(environment), name: CONNECTION_SECRET },
    { signal },
  );
  const name = connectionSecretName(environment.metadata.name);
  const target = {
    name,
    namespace: environment.metadata.namespace ?? '',
    owner: ownerReference(environment),
  };
  const copy = source ? connectionCopy(source, target, build) : undefined;
  const secrets = secretsIn(source);
  if (!copy) return { name: undefined, secrets };
  const existing = await client.get(SECRETS, target, { signal });
  if (existing?.data?.[CONNECTION_KEY] !== copy.data?.[CONNECTION_KEY]) {
    await client.apply(SECRETS, copy, { fieldManager: FIELD_MANAGERS.operator, force: true, signal });
  }
  return { name, secrets };
}
