import { API_VERSION, KINDS, LABELS } from '@backendai-e2e/api/group';
import { RUN_ANNOTATIONS, suiteOf, type TestRun, type TestRunSpec } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { suitesToRerun } from '@backendai-e2e/api/verdict-policy';
import { type CatalogEntry, selectSuites, withLast } from '../catalog/catalog.ts';
import { type ClusterClient, type KubeList, resourcePath } from '../cluster-api/client.ts';

/** What a person wants to have run. */
export interface RunWish {
  /** Separated by commas where there are several. */
  environment: string;
  /** Suites, areas or suite files, separated by commas; undefined for all. */
  suite?: string;
  grep?: string;
  includeSlow: boolean;
  timeoutSeconds?: number;
  parallelism?: number;
  retries?: number;
  failFast: boolean;
}

type Reader = Pick<ClusterClient, 'get'>;

/** All runs of a namespace. */
export async function listRuns(client: Reader, namespace: string, signal?: AbortSignal): Promise<TestRun[]> {
  const list = await client.get<KubeList<TestRun>>(resourcePath(KINDS.TestRun.plural, namespace), {}, signal);
  // Items of a list lack kind and apiVersion.
  return list.items.map((item) => ({ ...item, apiVersion: API_VERSION, kind: 'TestRun' }));
}

/** The suites that the cluster has, as the catalog would list them. */
export async function listSuites(
  client: Reader,
  namespace: string,
  signal?: AbortSignal,
): Promise<{ suites: TestSuite[]; catalog: CatalogEntry[] }> {
  const path = resourcePath(KINDS.TestSuite.plural, namespace);
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

/** The spec of a run. Throws UnknownSuites. Pure. */
export function specOf(wish: RunWish, catalog: readonly CatalogEntry[]): TestRunSpec {
  const names = withLast(selectSuites(wish.suite, catalog, wish.includeSlow), catalog, wish.grep);
  const [environment = '', ...more] = wish.environment.split(',').map((name) => name.trim());
  const suites = names ? { names } : wish.includeSlow ? undefined : { includeSlow: false };
  return {
    environmentRef: { name: environment },
    ...(more.length > 0 ? { moreEnvironmentRefs: more.map((name) => ({ name })) } : {}),
    ...(suites ? { suites } : {}),
    ...(wish.grep ? { grep: wish.grep } : {}),
    ...(wish.timeoutSeconds ? { timeoutSeconds: wish.timeoutSeconds } : {}),
    ...(wish.parallelism ? { parallelism: wish.parallelism } : {}),
    ...(wish.retries === undefined ? {} : { retryPolicy: { retries: wish.retries } }),
    ...(wish.failFast ? { failFast: true } : {}),
  };
}

/**
 * What a rerun of a run asks for: the same, of all its suites, or (by the operator's choice) of those that failed.
 * Undefined where none failed. Pure.
 */
export function rerunSpec(run: TestRun, onlyFailed: boolean): TestRunSpec | undefined {
  const { cancel: _cancel, suspend: _suspend, suites: _suites, rerunFailedOf: _of, ...same } = run.spec;
  if (onlyFailed) {
    return suitesToRerun(run).length === 0 ? undefined : { ...same, rerunFailedOf: run.metadata.name };
  }
  const names = [...new Set((run.status?.suites ?? []).map(suiteOf))];
  return { ...same, ...(names.length > 0 ? { suites: { names } } : {}) };
}

/** Creates a run whose name begins with `prefix`; the API server completes it. */
export function createRun(
  client: Pick<ClusterClient, 'create'>,
  namespace: string,
  prefix: string,
  spec: TestRunSpec,
  signal: AbortSignal,
  rerunOf?: string,
): Promise<TestRun> {
  const annotations = rerunOf ? { annotations: { [RUN_ANNOTATIONS.rerunOf]: rerunOf } } : {};
  return client.create<TestRun>(
    resourcePath(KINDS.TestRun.plural, namespace),
    {
      apiVersion: API_VERSION,
      kind: 'TestRun',
      metadata: { generateName: `${prefix}-`, namespace, ...annotations },
      spec,
    },
    signal,
  );
}
