import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { EventRecorder } from '@backendai-e2e/controller/events';
import { HealthServer } from '@backendai-e2e/controller/health';
import { giveMemoryBack, WhenIdle } from '@backendai-e2e/controller/idle';
import { LeaseElection } from '@backendai-e2e/controller/lease-election';
import { Manager } from '@backendai-e2e/controller/manager';
import { createMetrics } from '@backendai-e2e/controller/metrics';
import { KubeClient } from '@backendai-e2e/kube/client';
import { systemClock } from '@backendai-e2e/kube/clock';
import { addNamespace } from './namespace-controllers.ts';
import { Measures } from './observability/metrics.ts';
import type { OperatorOptions } from './options.ts';

const LEASE = 'backendai-e2e-operator';
/** Puts the operator together. Nothing happens before `run` is called on what it returns. */
export function createOperator(options: OperatorOptions): Manager {
  const { namespace, log } = options;
  const clock = options.clock ?? systemClock;
  const metrics = createMetrics({ processMetrics: true });
  const idle = new WhenIdle(clock, giveMemoryBack);
  const client = new KubeClient(options.kubeConfig, {
    onRequest: ({ verb, code, seconds }) => {
      // Its lease is renewed every two seconds, and watches are begun anew, whether there is work or not.
      if (verb !== 'update' && verb !== 'watch') idle.worked();
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
    .onStop('idle', async () => idle.stop())
    .onStop('client', () => client.close())
    .onStop('events', () => recorder.flush(2_000));
  const watched = options.watchNamespaces?.length ? options.watchNamespaces : [namespace];
  const measures = new Measures(metrics.registry);
  const common = { options, client, recorder, metrics, measures, clock };
  for (const each of watched) addNamespace(manager, each, common);
  return manager;
}
