import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { isFinished } from '@backendai-e2e/api/test-run';
import { firstBadLine } from '@backendai-e2e/api/verdict-policy';
import { applyStatusPart } from '@backendai-e2e/controller/status-writer';
import type { KubeClient } from '@backendai-e2e/kube/client';

/**
 * Copies the first cause of a report into its finished run, if the report has the run's first failure. The plan of a run does so
 * until the run ends, but its last attempt is archived afterwards. Asks the API server: the cache keeps little of finished runs.
 */
export async function noteFirstCause(
  client: Pick<KubeClient, 'get' | 'applyStatus'>,
  { metadata, spec, status }: Pick<TestReport, 'metadata' | 'spec' | 'status'>,
  signal: AbortSignal,
): Promise<void> {
  const firstCause = status?.firstCause;
  const { namespace = '', name } = metadata;
  if (firstCause === undefined) return;
  const run = await client.get(TEST_RUNS, { namespace, name: spec.run }, { signal });
  if (!run || !isFinished(run) || run.status?.firstCause === firstCause) return;
  if (firstBadLine(run.status?.suites ?? [], run.spec)?.report !== name) return;
  const options = { fieldManager: FIELD_MANAGERS.artifactCollector, signal };
  await applyStatusPart(client, TEST_RUNS, run, { firstCause }, options);
}
