import { FIELD_MANAGERS } from '../api/group.ts';
import type { TestRun } from '../api/test-run.ts';
import type { TestSuite } from '../api/test-suite.ts';
import { suiteHistory } from '../runs/history.ts';
import type { Result } from '../runtime/controller.ts';
import type { Informer } from '../runtime/informer.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import type { ObjectName } from '../runtime/kube-object.ts';
import { StatusWriter } from '../runtime/status-writer.ts';
import { TEST_SUITES } from './kinds.ts';

export interface TestSuiteDependencies {
  client: KubeClient;
  suites: Informer<TestSuite>;
  runs: Informer<TestRun>;
}

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
    const suite = this.#with.suites.get(name);
    if (!suite || suite.metadata.deletionTimestamp) return undefined;
    const status = suiteHistory(name.name, suite.status, this.#with.runs.list(name.namespace));
    await this.#status.write(suite, status, { signal });
    return undefined;
  };
}
