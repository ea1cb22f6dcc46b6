import { LABELS } from '@backendai-e2e/api/group';
import { LIMITS } from '@backendai-e2e/api/limits';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import type { NamespaceScope } from '@backendai-e2e/controller/namespace-scope';
import { JOBS, PODS } from '@backendai-e2e/kube/builtin-resources';
import { controllerOf, type ObjectName, objectName } from '@backendai-e2e/kube/object';
import type { ArtifactCollector } from '../artifacts/collector.ts';
import type { SuitePods } from '../attempts/attempt-job.ts';
import { JOB_NAME_LABEL, reportsOf } from '../attempts/attempt-name.ts';
import { hasFinished, transformJob, transformPod } from '../attempts/cache-transform.ts';
import { isSettled, transformReport } from './cache-transform.ts';
import { TestReportReconciler } from './reconciler.ts';
import { hasEnded } from './suite-pod.ts';
import { ChangeUndoer } from './undo.ts';

/** A report is cheap to reconcile. */
const WORKERS = 8;

/**
 * Owns TestReports, and the Jobs and pods of attempts. Settled reports of finished runs, finished Jobs and settled pods are not
 * cached. There may be thousands, and nothing is left to do for them. Ask the API server for those.
 */
export function cache(scope: NamespaceScope): void {
  const { namespace } = scope;
  scope
    .cache(TEST_REPORTS, {
      pageSize: LIMITS.reportsPerPage,
      transform: (report) => {
        const owner = controllerOf(report, TEST_RUNS);
        const run = owner && scope.informer(TEST_RUNS).get(owner);
        return run && isFinished(run) && isSettled(report) ? undefined : transformReport(report);
      },
    })
    .cache(JOBS, {
      labelSelector: LABELS.run,
      transform: (job) => (hasFinished(job) ? undefined : transformJob(job)),
    })
    .cache(PODS, {
      labelSelector: LABELS.run,
      transform: (pod) => {
        const { [LABELS.run]: of = '', [JOB_NAME_LABEL]: attempt = '' } = pod.metadata.labels ?? {};
        const reports = scope.informer(TEST_REPORTS);
        const run = scope.informer(TEST_RUNS).get({ namespace, name: of });
        const report = reports.get({ namespace, name: attempt });
        // A report of a finished run that is not cached is settled.
        const settled = report ? isSettled(report) : run && isFinished(run) && reports.hasSynced;
        return settled && hasEnded(pod) ? undefined : transformPod(pod);
      },
    });
}

/** Closes reports whose attempt ended without a final report, and has their artifacts collected. */
export function setup(
  scope: NamespaceScope,
  { collector, pods: added }: { collector: ArtifactCollector; pods?: SuitePods | undefined },
): void {
  const { namespace, client, clock, events } = scope;
  const jobs = scope.informer(JOBS);
  const reports = scope.informer(TEST_REPORTS);
  const openReportsOf = (run: TestRun): ObjectName[] =>
    reports
      .list(namespace)
      .filter(({ spec, status }) => spec.run === run.metadata.name && status?.final !== true)
      .map(objectName);
  const reconciler = new TestReportReconciler({
    client,
    clock,
    reports,
    runs: scope.informer(TEST_RUNS),
    environments: scope.informer(TEST_ENVIRONMENTS),
    jobs,
    pods: scope.informer(PODS),
    collector,
    undoer: new ChangeUndoer({
      ...{ client, clock, events, pods: added },
      suites: scope.informer(TEST_SUITES),
      environments: scope.informer(TEST_ENVIRONMENTS),
    }),
    events,
  });
  scope
    .controller('testreport', { workers: WORKERS })
    .for(TEST_REPORTS)
    // The Job and the report of an attempt have the same name.
    .watches(JOBS, ({ name }) => [name])
    .owns(PODS, JOBS)
    // The Job that undoes what the attempt left changed.
    .owns(JOBS, TEST_REPORTS)
    // Once the run has finished, settled reports leave the cache, and an attempt that it does not know of ends.
    .watches(TEST_RUNS, ({ type, object }) =>
      type !== 'deleted' && isFinished(object) ? [...reportsOf(object), ...openReportsOf(object)] : [],
    )
    // Only the run's status distinguishes a Job that vanished from one that does not exist yet.
    .watches(TEST_RUNS, ({ type, object }) =>
      type === 'updated'
        ? (object.status?.suites ?? []).flatMap(({ state, report }) =>
            state === 'Running' && report !== undefined && !jobs.get({ namespace, name: report })
              ? [{ namespace, name: report }]
              : [],
          )
        : [],
    )
    .complete(reconciler.reconcile);
}
