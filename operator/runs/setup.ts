import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { environmentsOf, isFinished } from '@backendai-e2e/api/test-run';
import type { NamespaceScope } from '@backendai-e2e/controller/namespace-scope';
import type { ObjectName } from '@backendai-e2e/kube/object';
import type { SuitePods } from '../attempts/attempt-job.ts';
import type { OperatorMetrics } from '../observability/metrics.ts';
import { transformRun } from './cache-transform.ts';
import { userOf } from './queue.ts';
import { TestRunReconciler } from './reconciler.ts';

/** A run is cheap to reconcile. */
const WORKERS = 8;

/** The operator's settings about runs. */
export interface RunOptions {
  /** Resolves when the TestSuites of the catalog are stored. */
  catalogStored: (signal: AbortSignal) => Promise<void>;
  operatorMetrics: OperatorMetrics;
  /** What the operator's settings add to the pods of suites. */
  pods?: SuitePods | undefined;
  /** Started runs that a user may have at once in a namespace; undefined: any number. */
  runsPerUser?: number | undefined;
}

/** Owns TestRuns. */
export function cache(scope: NamespaceScope): void {
  scope.cache(TEST_RUNS, { transform: transformRun });
}

/** Queues runs, starts their attempts and gives them their verdict. */
export function setup(scope: NamespaceScope, options: RunOptions): void {
  const { catalogStored, operatorMetrics, pods, runsPerUser } = options;
  const { namespace, client, clock, events } = scope;
  const runs = scope.informer(TEST_RUNS);
  const unfinishedRunsOf = (environment: string): ObjectName[] =>
    runs
      .list(namespace)
      .filter((run) => environmentsOf(run).includes(environment) && !isFinished(run))
      .map((run) => ({ namespace, name: run.metadata.name }));
  /** Runs that may wait for the end of another run of their user. */
  const waitingRunsOf = (user: string): ObjectName[] =>
    runsPerUser === undefined
      ? []
      : runs
          .list(namespace)
          .filter((run) => !isFinished(run) && !run.status?.startedAt && userOf(run) === user)
          .map((run) => ({ namespace, name: run.metadata.name }));
  const reconciler = new TestRunReconciler({
    client,
    clock,
    runs,
    environments: scope.informer(TEST_ENVIRONMENTS),
    suites: scope.informer(TEST_SUITES),
    reports: scope.informer(TEST_REPORTS),
    events,
    operatorMetrics,
    catalogStored,
    pods,
    runsPerUser,
  });
  operatorMetrics.follow(namespace, () => runs.list(namespace));
  scope
    .controller('testrun', { workers: WORKERS })
    .for(TEST_RUNS)
    .owns(TEST_REPORTS, TEST_RUNS)
    .watches(TEST_ENVIRONMENTS, ({ object }) => unfinishedRunsOf(object.metadata.name))
    // The next run in the queue may start when one ends, is deleted, or is suspended.
    .watches(TEST_RUNS, ({ type, object }) =>
      type === 'deleted' || isFinished(object) || object.spec.suspend
        ? [...environmentsOf(object).flatMap(unfinishedRunsOf), ...waitingRunsOf(userOf(object))]
        : [],
    )
    .complete(reconciler.reconcile);
}
