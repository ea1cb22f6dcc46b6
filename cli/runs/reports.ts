import { API_VERSION, KINDS, LABELS } from '@backendai-e2e/api/group';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { type ClusterClient, type KubeList, resourcePath } from '../cluster-api/client.ts';

/** Reports of a namespace, of one run where that is named. */
export async function listReports(
  client: Pick<ClusterClient, 'get'>,
  namespace: string,
  signal?: AbortSignal,
  run?: string,
): Promise<TestReport[]> {
  const query = run ? { labelSelector: `${LABELS.run}=${run}` } : {};
  const path = resourcePath(KINDS.TestReport.plural, namespace);
  const { items } = await client.get<KubeList<TestReport>>(path, query, signal);
  // Items of a list lack kind and apiVersion.
  return items.map((item) => ({ ...item, apiVersion: API_VERSION, kind: 'TestReport' }));
}
