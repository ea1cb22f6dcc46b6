import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The metrics of the runtime, and the registry to which domains add their own. */
export interface RuntimeMetrics {
  registry: Registry;
  /** Labels controller, result (success, requeue_after, error, terminal). */
  reconcileTotal: Counter<'controller' | 'result'>;
  /** Label controller. */
  reconcileErrors: Counter<'controller'>;
  /** Label controller. */
  reconcileSeconds: Histogram<'controller'>;
  activeWorkers: Gauge<'controller'>;
  queueDepth: Gauge<'controller'>;
  /** Seconds from enqueue to the start of the reconcile. */
  queueWaitSeconds: Histogram<'controller'>;
  queueRetries: Counter<'controller'>;
  /** Labels resource (plural), reason (start, gone, error, silence, periodic). */
  informerRelists: Counter<'resource' | 'reason'>;
  informerHandlerErrors: Counter<'resource'>;
  informerObjects: Gauge<'resource'>;
  /** 1 on the leader. Label lease. */
  leader: Gauge<'lease'>;
  /** Labels verb, code. */
  apiRequests: Counter<'verb' | 'code'>;
  apiSeconds: Histogram<'verb'>;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** A fresh registry with the runtime's metrics; `processMetrics` adds Node's own (memory, event loop, CPU). */
export function createMetrics(options: { processMetrics?: boolean } = {}): RuntimeMetrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    reconcileTotal: new Counter({
      name: 'e2e_operator_reconcile_total',
      help: 'Reconciles by result.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    reconcileErrors: new Counter({
      name: 'e2e_operator_reconcile_errors_total',
      help: 'Reconciles that threw.',
      labelNames: ['controller'],
      registers,
    }),
    reconcileSeconds: new Histogram({
      name: 'e2e_operator_reconcile_seconds',
      help: 'Duration of reconciles in seconds.',
      labelNames: ['controller'],
      buckets: SECONDS,
      registers,
    }),
    activeWorkers: new Gauge({
      name: 'e2e_operator_active_workers',
      help: 'Running reconciles.',
      labelNames: ['controller'],
      registers,
    }),
    queueDepth: new Gauge({
      name: 'e2e_operator_queue_depth',
      help: 'Keys waiting for a worker.',
      labelNames: ['controller'],
      registers,
    }),
    queueWaitSeconds: new Histogram({
      name: 'e2e_operator_queue_wait_seconds',
      help: 'Seconds that a key waited for a worker.',
      labelNames: ['controller'],
      buckets: SECONDS,
      registers,
    }),
    queueRetries: new Counter({
      name: 'e2e_operator_queue_retries_total',
      help: 'Keys retried after an error.',
      labelNames: ['controller'],
      registers,
    }),
    informerRelists: new Counter({
      name: 'e2e_operator_informer_lists_total',
      help: 'Full lists, by reason.',
      labelNames: ['resource', 'reason'],
      registers,
    }),
    informerHandlerErrors: new Counter({
      name: 'e2e_operator_informer_handler_errors_total',
      help: 'Change handlers that threw.',
      labelNames: ['resource'],
      registers,
    }),
    informerObjects: new Gauge({
      name: 'e2e_operator_informer_objects',
      help: 'Objects in the cache.',
      labelNames: ['resource'],
      registers,
    }),
    leader: new Gauge({
      name: 'e2e_operator_leader',
      help: '1 while this process leads.',
      labelNames: ['lease'],
      registers,
    }),
    apiRequests: new Counter({
      name: 'e2e_operator_api_requests_total',
      help: 'Requests to the API server; code 0 means no answer.',
      labelNames: ['verb', 'code'],
      registers,
    }),
    apiSeconds: new Histogram({
      name: 'e2e_operator_api_request_seconds',
      help: 'Seconds until the headers of the answer.',
      labelNames: ['verb'],
      buckets: SECONDS,
      registers,
    }),
  };
}
