import { Secrets, secretValues } from '../api/secrets.ts';
import { CONNECTION_KEY, type TestEnvironment } from '../api/test-environment.ts';
import { SECRETS, type Secret } from '../runtime/builtin-resources.ts';
import type { KubeClient } from '../runtime/kube-client.ts';

/** What a connection Secret holds to be hidden; nothing when it cannot be read as one. */
export function secretsIn(secret: Secret | undefined): Secrets {
  const secrets = new Secrets();
  const content = secret?.data?.[CONNECTION_KEY];
  if (content === undefined) return secrets;
  try {
    secrets.add(secretValues(JSON.parse(Buffer.from(content, 'base64').toString())));
  } catch {
    // Suites say what is wrong with it; nothing in it could be told apart.
  }
  return secrets;
}

/**
 * What of an environment's connection must not be said: pods, probes and tools put it into their messages, and messages go into
 * status, events and logs. Read when there is such a message, not kept.
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
