/**
 * What the clusters' own objects say about the time of a run, cut to what explains a result. Plain data: run.json holds
 * it. Times are RFC 3339.
 */
export interface ClusterRecord {
  events: readonly SeenEvent[];
  /** Pods that were still there when the run was collected. */
  pods: readonly SeenPod[];
  leases: readonly SeenLease[];
  /** Of the nodes, as far as the user may read their leases. A record from before version 0.3 has none. */
  clocks?: readonly SeenClock[];
  /** What could not be read, a sentence each. */
  missing: readonly string[];
}

/** How far the clock of a node is ahead of the API server's, between two bounds in milliseconds. Negative: it is behind. */
export interface SeenClock {
  node: string;
  aheadMs: { least: number; most: number };
}

/** An event of Kubernetes. */
export interface SeenEvent {
  /** When it last happened. */
  at: string;
  /** When it first happened, where that is another time. */
  firstAt?: string;
  type: string;
  reason: string;
  message: string;
  /** How often. */
  count: number;
  namespace: string;
  /** Kind and name, for example "Pod/manager-0". */
  object: string;
  /** The node whose kubelet wrote it, by its own clock. */
  node?: string;
}

/** A pod at the end of the run. */
export interface SeenPod {
  namespace: string;
  name: string;
  /** Label app.kubernetes.io/component, else the pod's name. */
  component: string;
  node?: string;
  phase: string;
  createdAt?: string;
  /** Whether the pod was ready, and the time of the last change. */
  ready?: { is: boolean; since: string };
  containers: readonly SeenContainer[];
}

/** A container of a pod as it was when the logs were collected. */
export interface SeenContainer {
  name: string;
  image: string;
  /** Digest or ID of the image, as the runtime reports it. */
  imageId: string;
  restarts: number;
  startedAt?: string;
  /** How the instance before this one ended. */
  last?: { reason: string; exitCode?: number; finishedAt?: string };
}

/** A Lease: who led at the end, and when that began. */
export interface SeenLease {
  namespace: string;
  name: string;
  holder: string;
  acquiredAt?: string;
  renewedAt?: string;
  /** Changes of the holder since the Lease was created. */
  transitions: number;
}

/** Something that changed in the cluster at one moment. */
export interface ClusterChange {
  at: string;
  kind: 'restart' | 'unready' | 'ready' | 'leader' | 'warning';
  namespace: string;
  /** The component, or the object that an event names. */
  subject: string;
  text: string;
}

const UNREADY: ReadonlySet<string> = new Set(['Unhealthy', 'NotReady']);

/**
 * Restarts, changes of readiness, changes of leaders and other warnings, oldest first. A container shows only its last restart,
 * and a pod its last change of readiness. The events show the earlier ones. Pure.
 */
export function clusterChanges({ events, pods, leases }: ClusterRecord): ClusterChange[] {
  const components = new Map(pods.map((pod) => [`${pod.namespace}/Pod/${pod.name}`, pod.component]));
  const ofPods = pods.flatMap((pod) => [...restartsOf(pod), ...readinessOf(pod)]);
  const ofLeases = leases.flatMap((lease): ClusterChange[] =>
    lease.acquiredAt
      ? [
          {
            at: lease.acquiredAt,
            kind: 'leader',
            namespace: lease.namespace,
            subject: lease.name,
            text: `${lease.holder || 'nobody'} leads (${lease.transitions} changes so far)`,
          },
        ]
      : [],
  );
  const ofEvents = events.flatMap((event): ClusterChange[] => {
    const kind = kindOf(event);
    if (!kind || !event.at) return [];
    const subject = components.get(`${event.namespace}/${event.object}`) ?? event.object;
    const times = event.count > 1 ? ` (${event.count} times)` : '';
    const text = `${event.reason}: ${event.message}${times}`;
    return [{ at: event.at, kind, namespace: event.namespace, subject, text }];
  });
  return [...ofPods, ...ofLeases, ...ofEvents].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function kindOf({ type, reason, message }: SeenEvent): ClusterChange['kind'] | undefined {
  // A startup probe fails until a container has started.
  if (UNREADY.has(reason) && !message.startsWith('Startup probe')) return 'unready';
  if (reason === 'LeaderElection') return 'leader';
  return type === 'Warning' ? 'warning' : undefined;
}

function restartsOf({ namespace, component, containers }: SeenPod): ClusterChange[] {
  return containers.flatMap(({ name, restarts, startedAt, last }): ClusterChange[] => {
    const at = last?.finishedAt ?? startedAt;
    if (restarts === 0 || !at) return [];
    const code = last?.exitCode === undefined ? '' : `, exit code ${last.exitCode}`;
    const why = last ? ` (${last.reason}${code})` : '';
    const text = `container ${name} restarted${why}, ${restarts} in all`;
    return [{ at, kind: 'restart', namespace, subject: component, text }];
  });
}

function readinessOf({ namespace, component, name, createdAt, ready }: SeenPod): ClusterChange[] {
  if (!ready?.since) return [];
  // The first readiness of a pod is part of its start.
  if (ready.is && Date.parse(ready.since) - Date.parse(createdAt ?? '') < 1_000) return [];
  const text = ready.is ? `pod ${name} is ready` : `pod ${name} is not ready`;
  return [{ at: ready.since, kind: ready.is ? 'ready' : 'unready', namespace, subject: component, text }];
}
