import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestClient } from '@backendai-e2e/kube/rest-client';

/** Reports of a namespace, of one run where that is named. */
export async function listReports(
  client: Pick<RestClient, 'get'>,
  namespace: string,
  signal?: AbortSignal,
  run?: string,
): Promise<TestReport[]> {
  const query = run ? { labelSelector: `${LABELS.run}=${run}` } : {};
  const path = pathOf(TEST_REPORTS, { namespace });
  const { items } = await client.get<KubeList<TestReport>>(path, query, signal);
  // Items of a list lack kind and apiVersion.
  return items.map((item) => ({ ...item, apiVersion: API_VERSION, kind: 'TestReport' }));
}
