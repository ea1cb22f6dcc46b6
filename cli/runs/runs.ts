import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { RUN_ANNOTATIONS, type TestRun, type TestRunSpec } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { isForbidden, isNotFound } from '@backendai-e2e/kube/api-error';
import { pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestClient } from '@backendai-e2e/kube/rest-client';
import type { CatalogEntry } from '../catalog/catalog.ts';
import { runObject } from './run-spec.ts';

type Reader = Pick<RestClient, 'get'>;

/** All runs of a namespace. */
export async function listRuns(client: Reader, namespace: string, signal?: AbortSignal): Promise<TestRun[]> {
  const list = await client.get<KubeList<TestRun>>(pathOf(TEST_RUNS, { namespace }), {}, signal);
  // Items of a list lack kind and apiVersion.
  return list.items.map((item) => ({ ...item, apiVersion: API_VERSION, kind: 'TestRun' }));
}

/** The suites that the cluster has, as the catalog would list them. */
export async function listSuites(
  client: Reader,
  namespace: string,
  signal?: AbortSignal,
): Promise<{ suites: TestSuite[]; catalog: CatalogEntry[] }> {
  const path = pathOf(TEST_SUITES, { namespace });
  const { items } = await client.get<KubeList<TestSuite>>(path, {}, signal);
  return { suites: items, catalog: items.map(entryOf) };
}

function entryOf({ metadata, spec }: TestSuite): CatalogEntry {
  return {
    name: metadata.name,
    area: metadata.labels?.[LABELS.area] ?? spec.files[0]?.split('/', 1)[0] ?? metadata.name,
    files: spec.files,
    ...(spec.description ? { description: spec.description } : {}),
    slow: spec.slow ?? false,
    onDemand: spec.onDemand ?? false,
    last: spec.last ?? false,
  };
}

/** What the API server knows of the caller (authentication.k8s.io/v1 SelfSubjectReview). */
interface Review {
  status?: { userInfo?: { username?: string } };
}

/** The name that the API server has for the caller; undefined: it does not say. */
async function ownName(client: Pick<RestClient, 'create'>, signal: AbortSignal): Promise<string | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
  try {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    return (await client.create<Review>(path, review, signal)).status?.userInfo?.username;
  } catch (error) {
    // The API server is older, or does not allow the question. The run shares its turns with all that name no user.
    if (isNotFound(error) || isForbidden(error)) return undefined;
    throw error;
  }
}

/** Creates a run of the caller whose name begins with `prefix`. `rerunOf`: the run that it repeats. */
export async function createRun(
  client: Pick<RestClient, 'create'>,
  namespace: string,
  prefix: string,
  spec: TestRunSpec,
  signal: AbortSignal,
  rerunOf?: string,
): Promise<TestRun> {
  const user = await ownName(client, signal);
  const annotations = {
    ...(user ? { [RUN_ANNOTATIONS.user]: user } : {}),
    ...(rerunOf ? { [RUN_ANNOTATIONS.rerunOf]: rerunOf } : {}),
  };
  const metadata = { annotations };
  const path = pathOf(TEST_RUNS, { namespace });
  return client.create<TestRun>(path, runObject(namespace, prefix, spec, metadata), signal);
}
