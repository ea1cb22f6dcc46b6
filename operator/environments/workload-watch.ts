import { Informer } from '@backendai-e2e/controller/informer';
import type { Log } from '@backendai-e2e/controller/log';
import type { RuntimeMetrics } from '@backendai-e2e/controller/metrics';
import {
  DEPLOYMENTS,
  type Deployment,
  EVENTS,
  type Event,
  JOBS,
  type Job,
  PODS,
  type Pod,
  STATEFUL_SETS,
  type StatefulSet,
} from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { type ObjectName, objectName, withoutManagedFields } from '@backendai-e2e/kube/object';
import type { Workload } from './components.ts';

/** The objects in the namespace of one deployment. */
export interface Deployed {
  workloads: Workload[];
  pods: Pod[];
}

interface Watched {
  /** For whom the namespace is watched. */
  environment: ObjectName;
  stop: AbortController;
  deployments: Informer<Deployment>;
  statefulSets: Informer<StatefulSet>;
  jobs: Informer<Job>;
  pods: Informer<Pod>;
}

/** Milliseconds for the first lists of a namespace. */
const SYNC_MS = 30_000;

/** Watches workloads and pods in the namespaces of environments, from deployment to deletion. */
export class WorkloadWatch {
  readonly #with: { client: KubeClient; log: Log; metrics: RuntimeMetrics };
  readonly #handlers: ((environment: ObjectName) => void)[] = [];
  readonly #watched = new Map<string, Watched>();

  constructor(dependencies: { client: KubeClient; log: Log; metrics: RuntimeMetrics }) {
    this.#with = dependencies;
  }

  /** Calls back with the environment in whose namespace something changes. */
  onChange(handler: (environment: ObjectName) => void): void {
    this.#handlers.push(handler);
  }

  /**
   * The objects in the namespace, from the cache. The first call starts the watches and waits for the first lists.
   * Rejects when they do not arrive in time.
   */
  async follow(namespace: string, environment: ObjectName, signal: AbortSignal): Promise<Deployed> {
    const watched = this.#watched.get(namespace) ?? this.#start(namespace, environment);
    const { deployments, statefulSets, jobs, pods } = watched;
    await Promise.all(
      [deployments, statefulSets, jobs, pods].map((informer) => informer.waitForSync(SYNC_MS, signal)),
    );
    return {
      workloads: [
        ...deployments.list().map((object): Workload => ({ ...asWorkload(object), kind: 'Deployment' })),
        ...statefulSets.list().map((object): Workload => ({ ...asWorkload(object), kind: 'StatefulSet' })),
        ...jobs.list().map((object): Workload => ({ ...asWorkload(object), kind: 'Job' })),
      ],
      pods: pods.list(),
    };
  }

  /** Stops watching a namespace, unless it is watched for another environment; no error when it is not watched. */
  forget(namespace: string, environment: ObjectName): void {
    const watched = this.#watched.get(namespace);
    if (!watched || keyOf(watched.environment) !== keyOf(environment)) return;
    watched.stop.abort();
    this.#watched.delete(namespace);
    const { deployments, statefulSets, jobs, pods } = watched;
    // The metrics count what is cached.
    for (const informer of [deployments, statefulSets, jobs, pods]) {
      for (const object of informer.list()) informer.forget(objectName(object));
    }
  }

  /** Stops watching all namespaces. */
  close(): void {
    for (const { stop } of this.#watched.values()) stop.abort();
    this.#watched.clear();
  }

  /** Warning events of the namespace, requested only when something is not ready. */
  async events(namespace: string, signal: AbortSignal): Promise<Event[]> {
    return (await this.#with.client.list(EVENTS, { namespace, fieldSelector: 'type=Warning' }, { signal }))
      .items;
  }

  #start(namespace: string, environment: ObjectName): Watched {
    const options = { ...this.#with, namespace };
    const watched: Watched = {
      environment,
      stop: new AbortController(),
      deployments: new Informer({ ...options, resource: DEPLOYMENTS, transform: withoutManagedFields }),
      statefulSets: new Informer({ ...options, resource: STATEFUL_SETS, transform: withoutManagedFields }),
      jobs: new Informer({ ...options, resource: JOBS, transform: withoutManagedFields }),
      pods: new Informer({ ...options, resource: PODS, transform: withoutManagedFields }),
    };
    this.#watched.set(namespace, watched);
    const changed = () => {
      for (const handler of this.#handlers) handler(environment);
    };
    watched.deployments.onChange(changed);
    watched.statefulSets.onChange(changed);
    watched.jobs.onChange(changed);
    watched.pods.onChange(changed);
    const { stop, deployments, statefulSets, jobs, pods } = watched;
    for (const informer of [deployments, statefulSets, jobs, pods]) void informer.run(stop.signal);
    return watched;
  }
}

function keyOf({ namespace, name }: ObjectName): string {
  return `${namespace ?? ''}/${name}`;
}

/** The fields that all kinds of workloads share; absent ones stay absent. */
function asWorkload(object: Deployment | StatefulSet | Job): Omit<Workload, 'kind'> {
  // The cast: the generated models of the three kinds differ only in fields outside Workload.
  return object as Omit<Workload, 'kind'>;
}
