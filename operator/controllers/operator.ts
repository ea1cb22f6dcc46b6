import { FIELD_MANAGERS, LABELS } from '../api/group.ts';
import { type KeeperAccess, KeeperClient } from '../artifacts/keeper-client.ts';
import type { OperatorIdentity } from '../environments/namespace.ts';
import { attemptOf } from '../faults/accept.ts';
import { isOver } from '../faults/status.ts';
import { keptReport } from '../reports/kept.ts';
import { keptJob, keptPod, keptRun } from '../runs/kept.ts';
import { isFinished } from '../runs/queue.ts';
import type { Backoff } from '../runtime/backoff.ts';
import { JOBS, PODS } from '../runtime/builtin-resources.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { ClusterAccess } from '../runtime/cluster-access.ts';
import { Controller } from '../runtime/controller.ts';
import { EventRecorder } from '../runtime/events.ts';
import { HealthServer } from '../runtime/health.ts';
import { Informer } from '../runtime/informer.ts';
import { KubeClient } from '../runtime/kube-client.ts';
import {
  controllerOf,
  type KubeObject,
  nameOf,
  type ObjectName,
  type Resource,
  withoutManagedFields,
} from '../runtime/kube-object.ts';
import { LeaseElection } from '../runtime/lease-election.ts';
import type { Log } from '../runtime/log.ts';
import { Manager } from '../runtime/manager.ts';
import { createMetrics, type RuntimeMetrics } from '../runtime/metrics.ts';
import { Archivist } from './archivist.ts';
import { ArtifactSweep } from './artifact-sweep.ts';
import { Catalog } from './catalog.ts';
import { Chronicle } from './chronicle.ts';
import { EnvironmentWatch } from './environment-watch.ts';
import { FaultReconciler } from './fault.ts';
import { FaultEffects, type FaultEffectsOptions } from './fault-effects.ts';
import { Installer } from './installer.ts';
import { FAULTS, TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from './kinds.ts';
import { Measures } from './measures.ts';
import { NotificationReconciler } from './notification.ts';
import { ConfigMapShelf, KeeperShelf } from './shelf.ts';
import { TestEnvironmentReconciler } from './test-environment.ts';
import { TestReportReconciler } from './test-report.ts';
import { TestRunReconciler } from './test-run.ts';
import { TestSuiteReconciler } from './test-suite.ts';

export interface OperatorOptions {
  kubeConfig: ClusterAccess;
  /** The kubeconfig file for helm; undefined: helm finds the pod's service account. */
  kubeconfigPath: string | undefined;
  /** Its own namespace: where its Lease is. */
  namespace: string;
  /**
   * Namespaces whose objects it looks after, with rights in no other: it deploys no environments then. Undefined or empty:
   * its own namespace alone, and environments are deployed into namespaces that it makes.
   */
  watchNamespaces?: readonly string[] | undefined;
  chartsDir: string;
  helm: string;
  /** File of the suites' catalog; undefined: there is none. */
  catalog: string | undefined;
  /** Image with the tools of faults that act inside of pods; undefined: such faults are refused. */
  faultImage?: string | undefined;
  /** The keeper of artifacts; undefined: what attempts leave behind is kept, cut short, in ConfigMaps. */
  keeper?: KeeperAccess | undefined;
  /** Secret with the webhook that is told of changes, in the namespace of the runs; undefined: nobody is told. */
  notificationSecret?: string | undefined;
  /** Pauses between deliveries to it that fail; a test gives shorter ones. */
  notificationBackoff?: Backoff;
  /** Asks Valkey for a lock's holder; a test gives its own. */
  holderOf?: FaultEffectsOptions['holderOf'];
  /** Who it is inside of environments; undefined: it needs no binding there. */
  identity: OperatorIdentity | undefined;
  /** This process among its replicas; undefined: no election, it leads at once. */
  electionIdentity: string | undefined;
  /** For probes and metrics; 0 takes a free port. */
  port: number;
  log: Log;
  /** Default: the system's. */
  clock?: Clock;
}

const LEASE = 'backendai-e2e-operator';
/** Runs and reports are cheap to reconcile; an environment may hold its worker while helm works. */
const WORKERS = { runs: 8, reports: 8, suites: 2, environments: 8, faults: 8 };
/** helm's own deadlines are shorter. */
const ENVIRONMENT_DEADLINE_MS = 330_000;
/** Changes in an environment come in swarms: its status is brought up to date once for all within this time. */
const SWARM_MS = 200;

/** What the controllers of all namespaces share. */
interface Shared {
  options: OperatorOptions;
  client: KubeClient;
  recorder: EventRecorder;
  metrics: RuntimeMetrics;
  measures: Measures;
  clock: Clock;
}

/** Puts the operator together. Nothing happens before `run` is called on what it returns. */
export function createOperator(options: OperatorOptions): Manager {
  const { namespace, log } = options;
  const clock = options.clock ?? systemClock;
  const metrics = createMetrics({ processMetrics: true });
  const client = new KubeClient(options.kubeConfig, {
    onRequest: ({ verb, code, seconds }) => {
      metrics.apiRequests.inc({ verb, code: String(code) });
      metrics.apiSeconds.observe({ verb }, seconds);
    },
  });
  const instance = options.electionIdentity ?? 'backendai-e2e-operator';
  const recorder = new EventRecorder({ client, component: FIELD_MANAGERS.operator, instance, log });

  const health = new HealthServer({ port: options.port, metrics: metrics.registry });
  const election =
    options.electionIdentity === undefined
      ? undefined
      : new LeaseElection({
          client,
          namespace,
          name: LEASE,
          identity: options.electionIdentity,
          log,
          metrics,
        });
  const manager = new Manager({ log, health, election })
    .onStop('client', () => client.close())
    .onStop('events', () => recorder.flush(2_000));
  const watched = options.watchNamespaces?.length ? options.watchNamespaces : [namespace];
  const measures = new Measures(metrics.registry);
  const common = { options, client, recorder, metrics, measures, clock };
  for (const each of watched) addNamespace(manager, each, common);
  return manager;
}

/** Adds the informers and controllers of one namespace whose objects are looked after. */
function addNamespace(manager: Manager, namespace: string, common: Shared): void {
  const { options, client, metrics, measures, clock } = common;
  const deploys = !options.watchNamespaces?.length;
  // Several namespaces have a queue each: logs and metrics tell them apart.
  const several = (options.watchNamespaces?.length ?? 0) > 1;
  const nameOfController = (kind: string) => (several ? `${kind}/${namespace}` : kind);
  const log = several ? options.log.child({ namespace }) : options.log;
  const follow = <T extends KubeObject>(
    resource: Resource<T>,
    transform: (object: T) => T = withoutManagedFields,
    labelSelector?: string,
  ) => new Informer<T>({ client, resource, namespace, labelSelector, transform, log, metrics });
  const environments = follow(TEST_ENVIRONMENTS);
  // The record of a suite is written by comparing with the fields that the operator owns.
  const suites = follow(TEST_SUITES, (suite) => suite);
  const runs = follow(TEST_RUNS, keptRun);
  const reports = follow(TEST_REPORTS, keptReport);
  const faults = follow(FAULTS);
  const jobs = follow(JOBS, keptJob, LABELS.run);
  const pods = follow(PODS, keptPod, LABELS.run);
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
  const shared = { client, environments, suites, runs, reports, jobs, pods, recorder, measures, clock };

  /** Unfinished runs of an environment. */
  const activeRunsOf = (environment: string): ObjectName[] =>
    runs
      .list(namespace)
      .filter((run) => run.spec.environmentRef.name === environment && !isFinished(run))
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
    // An environment's time to live counts from its last run.
    .watchesFor(runs, ({ type, object }) =>
      type !== 'updated' || isFinished(object) ? [{ namespace, name: object.spec.environmentRef.name }] : [],
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
        ? activeRunsOf(object.spec.environmentRef.name)
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
      isFinished(object) ? (object.status?.suites ?? []).map(({ name }) => ({ namespace, name })) : [],
    );

  const faultController = new Controller({
    name: nameOfController('fault'),
    reconcile: new FaultReconciler({
      ...shared,
      faults,
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
    const sweep = new ArtifactSweep({ client, keeper, reports, log });
    const sweepController = new Controller({
      name: nameOfController('artifacts'),
      reconcile: sweep.reconcile,
      log,
      metrics,
    });
    const everything = { namespace, name: 'artifacts' };
    sweepController.enqueue(everything);
    sweepController.watchesFor(reports, ({ type }) => {
      // A run that goes takes many reports with it.
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
