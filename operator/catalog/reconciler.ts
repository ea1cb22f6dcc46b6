import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Result } from '@backendai-e2e/controller/controller';
import type { Informer } from '@backendai-e2e/controller/informer';
import { StatusWriter } from '@backendai-e2e/controller/status-writer';
import { isConflict } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { ObjectName } from '@backendai-e2e/kube/object';
import { suiteHistory } from './history.ts';

/** What the reconciler of TestSuites reads and writes with. */
export interface TestSuiteDependencies {
  client: KubeClient;
  suites: Informer<TestSuite>;
  runs: Informer<TestRun>;
}

/** Milliseconds until a decision is made again that another writer made void. */
const SOON_MS = 250;

/** Keeps the record of each suite: its last verdicts and rates. */
export class TestSuiteReconciler {
  readonly #with: TestSuiteDependencies;
  readonly #status: StatusWriter<TestSuite>;

  constructor(dependencies: TestSuiteDependencies) {
    this.#with = dependencies;
    this.#status = new StatusWriter({
      client: dependencies.client,
      resource: TEST_SUITES,
      fieldManager: FIELD_MANAGERS.operator,
    });
  }

  readonly reconcile = async (name: ObjectName, signal: AbortSignal): Promise<Result | undefined> => {
    const cached = this.#with.suites.get(name);
    if (!cached || cached.metadata.deletionTimestamp) return undefined;
    const suite = this.#status.latest(cached);
    const status = suiteHistory(name.name, suite.status, this.#with.runs.list(name.namespace));
    try {
      await this.#status.write(suite, status, signal);
    } catch (error) {
      if (isConflict(error)) return { requeueAfterMs: SOON_MS };
      throw error;
    }
    return undefined;
  };
}
