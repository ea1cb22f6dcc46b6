import { FAULTS, TEST_ENVIRONMENTS, TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { NamespaceScope } from '@backendai-e2e/controller/namespace-scope';
import type { ObjectName } from '@backendai-e2e/kube/object';
import type { WorkloadWatch } from '../environments/workload-watch.ts';
import { attemptOf } from './accept.ts';
import { FaultEffects, type FaultEffectsOptions } from './effects.ts';
import { FaultObserver, type FaultObserverOptions } from './observe.ts';
import { FaultReconciler } from './reconciler.ts';
import { isOver } from './status.ts';

/** A fault is cheap to reconcile. */
const WORKERS = 8;
/** Changes in an environment come in bursts: one reconcile serves all within this time. */
const BURST_MS = 200;

/** The operator's settings about faults. */
export interface FaultOptions
  extends Pick<FaultEffectsOptions, 'image'>,
    Pick<FaultObserverOptions, 'holderOf'> {
  /** The workloads and pods of environments. */
  watch: WorkloadWatch;
}

/** Owns Faults. */
export function cache(scope: NamespaceScope): void {
  scope.cache(FAULTS);
}

/** Injects, observes and heals faults. */
export function setup(scope: NamespaceScope, { watch, image, holderOf }: FaultOptions): void {
  const { namespace, client, clock, events } = scope;
  const faults = scope.informer(FAULTS);
  const openFaultsOf = (environment: string): ObjectName[] =>
    faults
      .list(namespace)
      .filter((fault) => fault.spec.environmentRef.name === environment && !isOver(fault))
      .map((fault) => ({ namespace, name: fault.metadata.name }));
  const reconciler = new FaultReconciler({
    client,
    clock,
    faults,
    observer: new FaultObserver({
      client,
      environments: scope.informer(TEST_ENVIRONMENTS),
      reports: scope.informer(TEST_REPORTS),
      watch,
      holderOf,
    }),
    effects: new FaultEffects({ client, image }),
    events,
  });
  const controller = scope
    .controller('fault', { workers: WORKERS })
    .for(FAULTS)
    .watches(TEST_ENVIRONMENTS, ({ object }) => openFaultsOf(object.metadata.name))
    // A suite's faults heal when its attempt ends.
    .watches(TEST_REPORTS, ({ type, object }) =>
      type === 'deleted' || object.status?.final === true
        ? faults
            .list(namespace)
            .filter((fault) => attemptOf(fault) === object.metadata.name && !isOver(fault))
            .map((fault) => ({ namespace, name: fault.metadata.name }))
        : [],
    )
    .complete(reconciler.reconcile);
  watch.onChange(({ name }) => {
    for (const fault of openFaultsOf(name)) controller.enqueueAfter(fault, BURST_MS);
  });
}
