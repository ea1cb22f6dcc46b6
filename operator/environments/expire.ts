import { TEST_ENVIRONMENTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { Result } from '@backendai-e2e/controller/controller';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { objectName } from '@backendai-e2e/kube/object';
import { expiresInMs } from './expiry.ts';

/**
 * Deletes an environment that has expired. Asks the API server first: a late cache may lack a run of it, or a longer time to
 * live.
 */
export async function expire(
  { client, events, clock }: { client: KubeClient; events: EventLog; clock: Clock },
  cached: TestEnvironment,
  signal: AbortSignal,
): Promise<Result | undefined> {
  const environment = await stored(client, cached, signal);
  if (!environment) return undefined;
  const { namespace = '', uid, resourceVersion } = environment.metadata;
  const { items: runs } = await client.list(TEST_RUNS, { namespace }, { signal });
  const left = expiresInMs(environment, runs, clock.now());
  if (left === undefined || left > 0) return { requeueAfterMs: left };
  const message = `no run for ${environment.spec.ttlSeconds} s: the environment is deleted`;
  events.record(cached, { type: 'Normal', reason: 'Expired', message });
  await client.delete(TEST_ENVIRONMENTS, objectName(environment), { uid, resourceVersion, signal });
  return undefined;
}

/** The environment as the API server has it; undefined when it is gone, or replaced by another of its name. */
export async function stored(
  client: Pick<KubeClient, 'get'>,
  environment: TestEnvironment,
  signal: AbortSignal,
): Promise<TestEnvironment | undefined> {
  const now = await client.get(TEST_ENVIRONMENTS, objectName(environment), { signal });
  return now?.metadata.uid === environment.metadata.uid ? now : undefined;
}
