import { TEST_ENVIRONMENTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import { environmentsOf, isFinished } from '@backendai-e2e/api/test-run';
import type { NamespaceScope } from '@backendai-e2e/controller/namespace-scope';
import type { OperatorMetrics } from '../observability/metrics.ts';
import { Installer, type InstallerOptions } from './installer.ts';
import { TestEnvironmentReconciler } from './reconciler.ts';
import { WorkloadWatch } from './workload-watch.ts';

/** An environment holds its worker while helm runs. */
const WORKERS = 8;
/** helm's own deadlines are shorter. */
const DEADLINE_MS = 330_000;
/** Changes in an environment come in bursts: one reconcile serves all within this time. */
const BURST_MS = 200;

/** The operator's settings about environments. */
export interface EnvironmentOptions {
  installer: Omit<InstallerOptions, 'client' | 'clock'>;
  operatorMetrics: OperatorMetrics;
}

/** Owns TestEnvironments. */
export function cache(scope: NamespaceScope): void {
  scope.cache(TEST_ENVIRONMENTS);
}

/** Deploys, observes and deletes environments. Returns the watch of their workloads, for faults. */
export function setup(
  scope: NamespaceScope,
  { installer, operatorMetrics }: EnvironmentOptions,
): { watch: WorkloadWatch } {
  const { namespace, client, clock, log, metrics, events } = scope;
  const environments = scope.informer(TEST_ENVIRONMENTS);
  const watch = new WorkloadWatch({ client, log, metrics });
  const reconciler = new TestEnvironmentReconciler({
    client,
    clock,
    environments,
    runs: scope.informer(TEST_RUNS),
    installer: new Installer({ ...installer, client, clock }),
    watch,
    events,
    operatorMetrics,
  });
  const controller = scope
    .controller('testenvironment', { workers: WORKERS, deadlineMs: DEADLINE_MS })
    .for(TEST_ENVIRONMENTS)
    // An environment may be deployed when the one that it names in deployAfterRef changes.
    .watches(TEST_ENVIRONMENTS, ({ object }) =>
      environments
        .list(namespace)
        .filter(({ spec }) => spec.deployAfterRef?.name === object.metadata.name)
        .map(({ metadata }) => ({ namespace, name: metadata.name })),
    )
    // The time to live of an environment counts from its last run.
    .watches(TEST_RUNS, ({ type, object }) =>
      type !== 'updated' || isFinished(object)
        ? environmentsOf(object).map((name) => ({ namespace, name }))
        : [],
    )
    .complete(reconciler.reconcile);
  watch.onChange((environment) => controller.enqueueAfter(environment, BURST_MS));
  scope.onStop('watches', async () => watch.close());
  return { watch };
}
