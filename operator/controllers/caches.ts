import type { Fault } from '../api/fault.ts';
import { LABELS } from '../api/group.ts';
import type { TestEnvironment } from '../api/test-environment.ts';
import type { TestReport } from '../api/test-report.ts';
import type { TestRun } from '../api/test-run.ts';
import type { TestSuite } from '../api/test-suite.ts';
import { hasEnded } from '../reports/close.ts';
import { isSettled, keptReport } from '../reports/kept.ts';
import { isOver, keptJob, keptPod, keptRun } from '../runs/kept.ts';
import { attemptName, JOB_NAME_LABEL } from '../runs/naming.ts';
import { isFinished } from '../runs/queue.ts';
import { JOBS, type Job, PODS, type Pod } from '../runtime/builtin-resources.ts';
import { Informer, type InformerOptions } from '../runtime/informer.ts';
import {
  controllerOf,
  type KubeObject,
  type ObjectName,
  type Resource,
  withoutManagedFields,
} from '../runtime/kube-object.ts';
import { FAULTS, TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from './kinds.ts';

/** What the operator has at hand of one namespace that it looks after. */
export interface Caches {
  environments: Informer<TestEnvironment>;
  suites: Informer<TestSuite>;
  runs: Informer<TestRun>;
  /** Without those of finished runs of which nothing is left to do: ask the API server. */
  reports: Informer<TestReport>;
  faults: Informer<Fault>;
  /** Of attempts; without those that have ended. */
  jobs: Informer<Job>;
  /** Of attempts; without those of which nothing is left to do. */
  pods: Informer<Pod>;
}

/** Reports a page of a full list: each may have 256 KiB, and a page is held whole. */
const REPORT_PAGE = 100;

/** Informers of all that a namespace's controllers look at. Nothing is asked for before they are run. */
export function createCaches(
  common: Pick<InformerOptions<KubeObject>, 'client' | 'namespace' | 'log' | 'metrics'>,
): Caches {
  const { namespace = '' } = common;
  const follow = <T extends KubeObject>(
    resource: Resource<T>,
    transform: (object: T) => T | undefined = withoutManagedFields,
    more: Pick<InformerOptions<T>, 'labelSelector' | 'pageSize'> = {},
  ) => new Informer<T>({ ...common, ...more, resource, transform });

  const runs = follow(TEST_RUNS, keptRun);
  const reports = follow(
    TEST_REPORTS,
    (report) => {
      const owner = controllerOf(report, TEST_RUNS);
      const run = owner && runs.get(owner);
      return run && isFinished(run) && isSettled(report) ? undefined : keptReport(report);
    },
    { pageSize: REPORT_PAGE },
  );
  return {
    environments: follow(TEST_ENVIRONMENTS),
    // The record of a suite is written by comparing with the fields that the operator owns.
    suites: follow(TEST_SUITES, (suite) => suite),
    runs,
    reports,
    faults: follow(FAULTS),
    jobs: follow(JOBS, (job) => (isOver(job) ? undefined : keptJob(job)), { labelSelector: LABELS.run }),
    pods: follow(
      PODS,
      (pod) => {
        const { [LABELS.run]: of = '', [JOB_NAME_LABEL]: attempt = '' } = pod.metadata.labels ?? {};
        const run = runs.get({ namespace, name: of });
        const report = reports.get({ namespace, name: attempt });
        // Of a run that has ended, a report that is not at hand is one of which nothing is left to do.
        const settled = report ? isSettled(report) : run && isFinished(run) && reports.hasSynced;
        return settled && hasEnded(pod) ? undefined : keptPod(pod);
      },
      { labelSelector: LABELS.run },
    ),
  };
}

/** The reports of all attempts of a run, as its lines tell. */
export function reportsOf(run: TestRun): ObjectName[] {
  const { name, namespace = '' } = run.metadata;
  return (run.status?.suites ?? []).flatMap(({ name: suite, attempt }) =>
    Array.from({ length: attempt }, (_, index) => ({
      namespace,
      name: attemptName(name, suite, index + 1),
    })),
  );
}
