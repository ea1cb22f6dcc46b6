import { TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { isFinished, suiteOf } from '@backendai-e2e/api/test-run';
import type { NamespaceScope } from '@backendai-e2e/controller/namespace-scope';
import { Catalog } from './catalog.ts';
import { TestSuiteReconciler } from './reconciler.ts';

const WORKERS = 2;

/** The operator's settings about the catalog. */
export interface CatalogOptions {
  /** File with the catalog of suites; undefined: there is none. */
  path: string | undefined;
}

/** Owns TestSuites. */
export function cache(scope: NamespaceScope): void {
  // With managedFields: the status writer compares the fields that the operator owns.
  scope.cache(TEST_SUITES, { transform: (suite) => suite });
}

/** Stores the catalog and keeps the history of each suite. Returns a wait for the catalog to be stored. */
export function setup(
  scope: NamespaceScope,
  { path }: CatalogOptions,
): { catalogStored: (signal: AbortSignal) => Promise<void> } {
  const { namespace, client, log } = scope;
  const reconciler = new TestSuiteReconciler({
    client,
    suites: scope.informer(TEST_SUITES),
    runs: scope.informer(TEST_RUNS),
  });
  scope
    .controller('testsuite', { workers: WORKERS })
    .for(TEST_SUITES)
    .watches(TEST_RUNS, ({ object }) =>
      isFinished(object)
        ? (object.status?.suites ?? []).map((line) => ({ namespace, name: suiteOf(line) }))
        : [],
    )
    .complete(reconciler.reconcile);
  if (path === undefined) return { catalogStored: async () => {} };
  const catalog = new Catalog({ client, namespace, path, log });
  // The leader stores the catalog, also when no run asks for it.
  scope
    .controller('catalog')
    .complete(async (_name, signal) => {
      await catalog.stored(signal);
      return undefined;
    })
    .enqueue({ namespace, name: 'catalog' });
  return { catalogStored: (signal) => catalog.stored(signal) };
}
