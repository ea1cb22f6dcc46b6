import { FIELD_MANAGERS, OPERATOR_NAME } from '@backendai-e2e/api/group';
import { EventLog } from '@backendai-e2e/controller/event-log';
import { EventRecorder } from '@backendai-e2e/controller/events';
import { HealthServer } from '@backendai-e2e/controller/health';
import { giveMemoryBack, WhenIdle } from '@backendai-e2e/controller/idle';
import { LeaseElection } from '@backendai-e2e/controller/lease-election';
import { Manager } from '@backendai-e2e/controller/manager';
import { createMetrics } from '@backendai-e2e/controller/metrics';
import { NamespaceScope } from '@backendai-e2e/controller/namespace-scope';
import { KubeClient } from '@backendai-e2e/kube/client';
import { systemClock } from '@backendai-e2e/kube/clock';
import * as artifacts from './artifacts/setup.ts';
import * as catalog from './catalog/setup.ts';
import * as environments from './environments/setup.ts';
import * as faults from './faults/setup.ts';
import * as notifications from './notifications/setup.ts';
import { logFieldsOf } from './observability/log-fields.ts';
import { OperatorMetrics } from './observability/metrics.ts';
import type { OperatorOptions } from './options.ts';
import * as reports from './reports/setup.ts';
import * as runs from './runs/setup.ts';

/** The domains that own kinds. Every kind is declared before a controller asks for it. */
const OWNERS = [environments, catalog, runs, reports, faults];

/** Adds the informers and controllers of one namespace, domain by domain. */
function setUpNamespace(
  scope: NamespaceScope,
  options: OperatorOptions,
  operatorMetrics: OperatorMetrics,
): void {
  for (const domain of OWNERS) domain.cache(scope);
  const installer = {
    helm: { binary: options.helm, kubeconfig: options.kubeconfigPath },
    chartsDir: options.chartsDir,
    identity: options.identity,
    limits: options.environmentLimits,
    deploys: !options.watchNamespaces?.length,
  };
  const { watch } = environments.setup(scope, { installer, operatorMetrics });
  const { catalogStored } = catalog.setup(scope, { path: options.catalog });
  runs.setup(scope, {
    catalogStored,
    operatorMetrics,
    pods: options.suitePods,
    runsPerUser: options.runsPerUser,
  });
  const { collector } = artifacts.setup(scope, { server: options.artifactServer });
  reports.setup(scope, { collector, pods: options.suitePods });
  faults.setup(scope, { watch, image: options.faultImage, holderOf: options.holderOf });
  notifications.setup(scope, { secret: options.notificationSecret, backoff: options.notificationBackoff });
}

/** Assembles the operator. Nothing happens before `run` is called on the manager that it returns. */
export function createOperator(options: OperatorOptions): Manager {
  const { namespace, log } = options;
  const clock = options.clock ?? systemClock;
  const metrics = createMetrics({ processMetrics: true });
  const idle = new WhenIdle(clock, giveMemoryBack);
  const client = new KubeClient(options.kubeConfig, {
    onRequest: ({ verb, code, seconds }) => {
      // Renewals of the lease and restarts of watches happen without work, too.
      if (verb !== 'update' && verb !== 'watch') idle.worked();
      metrics.apiRequests.inc({ verb, code: String(code) });
      metrics.apiSeconds.observe({ verb }, seconds);
    },
    beforeWrite: (what) => election?.assertMayWrite(what),
  });
  const instance = options.electionIdentity ?? OPERATOR_NAME;
  const recorder = new EventRecorder({ client, component: FIELD_MANAGERS.operator, instance, log });

  const health = new HealthServer({ port: options.port, metrics: metrics.registry });
  const election =
    options.electionIdentity === undefined
      ? undefined
      : new LeaseElection({
          client,
          namespace,
          name: OPERATOR_NAME,
          identity: options.electionIdentity,
          log,
          metrics,
          ...options.leaseTimes,
        });
  const manager = new Manager({ log, health, election })
    .onStop('idle', async () => idle.stop())
    .onStop('client', () => client.close())
    .onStop('events', () => recorder.flush(2_000));
  const watched = options.watchNamespaces?.length ? options.watchNamespaces : [namespace];
  const operatorMetrics = new OperatorMetrics(metrics.registry);
  const severalNamespaces = watched.length > 1;
  for (const each of watched) {
    // The controllers of each namespace have queues of their own: logs and metrics tell them apart.
    const scopeLog = severalNamespaces ? log.child({ namespace: each }) : log;
    const events = new EventLog(recorder, scopeLog, logFieldsOf);
    const scope = new NamespaceScope({
      manager,
      namespace: each,
      client,
      clock,
      log: scopeLog,
      metrics,
      events,
      severalNamespaces,
    });
    setUpNamespace(scope, options, operatorMetrics);
  }
  return manager;
}
