import { TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { Result } from '@backendai-e2e/controller/controller';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { objectName } from '@backendai-e2e/kube/object';
import { planRun } from './plan.ts';

/**
 * Deletes a finished run at the end of its time to live. Asks the API server first: a late cache may not know that the run is to
 * be kept longer.
 */
export async function removeRun(
  { client, clock }: { client: Pick<KubeClient, 'get' | 'delete'>; clock: Clock },
  cached: TestRun,
  signal: AbortSignal,
): Promise<Result | undefined> {
  const at = objectName(cached);
  const run = await client.get(TEST_RUNS, at, { signal });
  if (!run || run.metadata.uid !== cached.metadata.uid) return undefined;
  const world = { environment: undefined, suites: [], reports: [], others: [] };
  const { remove, requeueAfterMs } = planRun({ now: clock.now(), run, ...world });
  if (!remove) return { requeueAfterMs };
  const { uid, resourceVersion } = run.metadata;
  await client.delete(TEST_RUNS, at, { uid, resourceVersion, signal });
  return undefined;
}
