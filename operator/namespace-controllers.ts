import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { environmentsOf, isFinished, suiteOf } from '@backendai-e2e/api/test-run';
import { Controller } from '@backendai-e2e/controller/controller';
import type { EventRecorder } from '@backendai-e2e/controller/events';
import type { Manager } from '@backendai-e2e/controller/manager';
import type { RuntimeMetrics } from '@backendai-e2e/controller/metrics';
import { JOBS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { controllerOf, nameOf, type ObjectName } from '@backendai-e2e/kube/object';
import { ConfigMapShelf, KeeperShelf } from './artifacts/artifact-store.ts';
import { Archivist } from './artifacts/collector.ts';
import { KeeperClient } from './artifacts/server-client.ts';
import { ArtifactSweep } from './artifacts/sweep.ts';
import { reportsOf } from './attempts/attempt-name.ts';
import { createCaches } from './caches.ts';
import { Catalog } from './catalog/catalog.ts';
import { TestSuiteReconciler } from './catalog/reconciler.ts';
import { Installer } from './environments/installer.ts';
import { TestEnvironmentReconciler } from './environments/reconciler.ts';
import { EnvironmentWatch } from './environments/workload-watch.ts';
import { attemptOf } from './faults/accept.ts';
import { FaultEffects } from './faults/effects.ts';
import { FaultReconciler } from './faults/reconciler.ts';
import { isOver } from './faults/status.ts';
import { NotificationReconciler } from './notifications/reconciler.ts';
import { Chronicle } from './observability/event-log.ts';
import type { Measures } from './observability/metrics.ts';
import type { OperatorOptions } from './options.ts';
import { TestReportReconciler } from './reports/reconciler.ts';
import { TestRunReconciler } from './runs/reconciler.ts';

/** Runs and reports are cheap to reconcile; an environment may hold its worker while helm works. */
const WORKERS = { runs: 8, reports: 8, suites: 2, environments: 8, faults: 8 };
/** helm's own deadlines are shorter. */
const ENVIRONMENT_DEADLINE_MS = 330_000;
/** Changes in an environment come in swarms: its status is brought up to date once for all within this time. */
const SWARM_MS = 200;

/** What the controllers of all namespaces share. */
export interface Shared {
  options: OperatorOptions;
  client: KubeClient;
  recorder: EventRecorder;
  metrics: RuntimeMetrics;
  measures: Measures;
  clock: Clock;
}

/** Adds the informers and controllers of one namespace whose objects are looked after. */
export function addNamespace(manager: Manager, namespace: string, common: Shared): void {
  const { options, client, metrics, measures, clock } = common;
  const deploys = !options.watchNamespaces?.length;
  // Several namespaces have a queue each: logs and metrics tell them apart.
  const several = (options.watchNamespaces?.length ?? 0) > 1;
  const nameOfController = (kind: string) => (several ? `${kind}/${namespace}` : kind);
  const log = several ? options.log.child({ namespace }) : options.log;
  const caches = createCaches({ client, namespace, log, metrics });
  const { environments, suites, runs, reports, faults, jobs, pods } = caches;
  const recorder = new Chronicle(common.recorder, log);
  measures.follow(namespace, () => runs.list(namespace));

  const { catalog: path } = options;
  const catalog = path === undefined ? undefined : new Catalog({ client, namespace, path, log });
  const watch = new EnvironmentWatch({ client, log, metrics }, (key) => {
    environmentController.enqueueAfter(nameOf(key), SWARM_MS);
    for (const name of activeFaultsOf(nameOf(key).name)) faultController.enqueueAfter(name, SWARM_MS);
  });
  const installer = new Installer({
    client,
    clock,
    helm: { binary: options.helm, kubeconfig: options.kubeconfigPath },
    chartsDir: options.chartsDir,
    identity: options.identity,
    deploys,
  });
  const shared = { ...caches, client, recorder, measures, clock };

  /** Unfinished runs of an environment. */
  const activeRunsOf = (environment: string): ObjectName[] =>
    runs
      .list(namespace)
      .filter((run) => environmentsOf(run).includes(environment) && !isFinished(run))
      .map((run) => ({ namespace, name: run.metadata.name }));

  /** Faults of an environment that are not over. */
  const activeFaultsOf = (environment: string): ObjectName[] =>
    faults
      .list(namespace)
      .filter((fault) => fault.spec.environmentRef.name === environment && !isOver(fault))
      .map((fault) => ({ namespace, name: fault.metadata.name }));

  const environmentController = new Controller({
    name: nameOfController('testenvironment'),
    reconcile: new TestEnvironmentReconciler({ ...shared, installer, watch }).reconcile,
    workers: WORKERS.environments,
    deadlineMs: ENVIRONMENT_DEADLINE_MS,
    log,
    metrics,
  })
    .watches(environments)
    // Whose turn it is to be deployed.
    .watchesFor(environments, ({ object }) =>
      environments
        .list(namespace)
        .filter(({ spec }) => spec.deployAfterRef?.name === object.metadata.name)
        .map(({ metadata }) => ({ namespace, name: metadata.name })),
    )
    // An environment's time to live counts from its last run.
    .watchesFor(runs, ({ type, object }) =>
      type !== 'updated' || isFinished(object)
        ? environmentsOf(object).map((name) => ({ namespace, name }))
        : [],
    );

  const runController = new Controller({
    name: nameOfController('testrun'),
    reconcile: new TestRunReconciler({ ...shared, catalog: async (signal) => catalog?.stored(signal) })
      .reconcile,
    workers: WORKERS.runs,
    log,
    metrics,
  })
    .watches(runs)
    .watchesFor(reports, ({ object }) => [controllerOf(object, TEST_RUNS)])
    .watchesFor(environments, ({ object }) => activeRunsOf(object.metadata.name))
    // Whose turn it is changes when a run ends, goes, or lets others pass.
    .watchesFor(runs, ({ type, object }) =>
      type === 'deleted' || isFinished(object) || object.spec.suspend
        ? environmentsOf(object).flatMap(activeRunsOf)
        : [],
    );

  const keeper = options.keeper && new KeeperClient(options.keeper);
  const shelf =
    keeper && options.keeper ? new KeeperShelf(keeper, options.keeper.service) : new ConfigMapShelf(client);
  const reportController = new Controller({
    name: nameOfController('testreport'),
    reconcile: new TestReportReconciler({
      ...shared,
      archivist: new Archivist({ client, clock, log, shelf }),
    }).reconcile,
    workers: WORKERS.reports,
    log,
    metrics,
  })
    .watches(reports)
    // Job and report of an attempt have the same name.
    .watchesFor(jobs, ({ name }) => [name])
    .watchesFor(pods, ({ object }) => [controllerOf(object, JOBS)])
    // What is settled of a run that has ended is not kept at hand.
    .watchesFor(runs, ({ type, object }) =>
      type !== 'deleted' && isFinished(object) ? reportsOf(object) : [],
    )
    // Only a run's status tells a Job that vanished from one that is not there yet.
    .watchesFor(runs, ({ type, object }) =>
      type === 'updated'
        ? (object.status?.suites ?? []).flatMap(({ state, report }) =>
            state === 'Running' && report !== undefined && !jobs.get({ namespace, name: report })
              ? [{ namespace, name: report }]
              : [],
          )
        : [],
    );

  const suiteController = new Controller({
    name: nameOfController('testsuite'),
    reconcile: new TestSuiteReconciler(shared).reconcile,
    workers: WORKERS.suites,
    log,
    metrics,
  })
    .watches(suites)
    .watchesFor(runs, ({ object }) =>
      isFinished(object)
        ? (object.status?.suites ?? []).map((line) => ({ namespace, name: suiteOf(line) }))
        : [],
    );

  const faultController = new Controller({
    name: nameOfController('fault'),
    reconcile: new FaultReconciler({
      ...shared,
      watch,
      effects: new FaultEffects({
        client,
        image: options.faultImage,
        ...(options.holderOf ? { holderOf: options.holderOf } : {}),
      }),
    }).reconcile,
    workers: WORKERS.faults,
    log,
    metrics,
  })
    .watches(faults)
    .watchesFor(environments, ({ object }) => activeFaultsOf(object.metadata.name))
    // What a suite broke heals when its attempt ends.
    .watchesFor(reports, ({ type, object }) =>
      type === 'deleted' || object.status?.final === true
        ? faults
            .list(namespace)
            .filter((fault) => attemptOf(fault) === object.metadata.name && !isOver(fault))
            .map((fault) => ({ namespace, name: fault.metadata.name }))
        : [],
    );

  manager
    .addController(environmentController)
    .addController(runController)
    .addController(reportController)
    .addController(suiteController)
    .addController(faultController)
    .onStop('watches', async () => watch.close());
  if (keeper) {
    const sweep = new ArtifactSweep({ client, keeper, reports, runs, log });
    const sweepController = new Controller({
      name: nameOfController('artifacts'),
      reconcile: sweep.reconcile,
      log,
      metrics,
    });
    const everything = { namespace, name: 'artifacts' };
    sweepController.enqueue(everything);
    sweepController.watchesFor(runs, ({ type }) => {
      if (type === 'deleted') sweepController.enqueueAfter(everything, SWARM_MS);
      return [];
    });
    manager.addController(sweepController);
  }
  if (options.notificationSecret !== undefined) {
    const { notificationSecret: secret, notificationBackoff: backoff } = options;
    const parts = { ...shared, secret, ...(backoff ? { backoff } : {}) };
    manager.addController(
      new Controller({
        name: nameOfController('notification'),
        reconcile: new NotificationReconciler(parts).reconcile,
        log,
        metrics,
      }).watchesFor(runs, ({ type, object }) =>
        type !== 'deleted' && isFinished(object)
          ? [{ namespace, name: object.spec.environmentRef.name }]
          : [],
      ),
    );
  }
  if (catalog) {
    // The one who leads stores the catalog, also when no run asks for it.
    const catalogController = new Controller({
      name: nameOfController('catalog'),
      reconcile: async (_name, signal) => {
        await catalog.stored(signal);
        return undefined;
      },
      log,
      metrics,
    });
    catalogController.enqueue({ namespace, name: 'catalog' });
    manager.addController(catalogController);
  }
}
