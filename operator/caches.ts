import type { Fault } from '@backendai-e2e/api/fault';
import { LABELS } from '@backendai-e2e/api/group';
import {
  FAULTS,
  TEST_ENVIRONMENTS,
  TEST_REPORTS,
  TEST_RUNS,
  TEST_SUITES,
} from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { isFinished } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { Informer, type InformerOptions } from '@backendai-e2e/controller/informer';
import { JOBS, type Job, PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import {
  controllerOf,
  type KubeObject,
  type Resource,
  withoutManagedFields,
} from '@backendai-e2e/kube/object';
import { JOB_NAME_LABEL } from './attempts/attempt-name.ts';
import { isSettled, keptReport } from './reports/cache-transform.ts';
import { hasEnded } from './reports/close.ts';
import { isOver, keptJob, keptPod, keptRun } from './runs/cache-transform.ts';

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
