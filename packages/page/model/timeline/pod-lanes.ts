import type { Window } from '@backendai-e2e/results/causes/scene';
import type { ClusterRecord, SeenEvent, SeenPod } from '@backendai-e2e/results/cluster-record';
import type { PagePod, PodLane, PodSpan } from '../data/page-data.ts';
import { time } from '../text/anchors.ts';

/** An environment with the time since which suites ran in it. */
export interface TestedPlace extends Window {
  environment: string;
  namespace: string;
}

/** What the cluster said about one pod. Times are ms since 1970. */
interface Life {
  name: string;
  component: string;
  began: number;
  /** When its main container started. */
  started?: number;
  /** Start of its readiness, where it was ready at the end. */
  readySince?: number;
  unready: Window[];
  killed?: number;
  restarts: number;
}

/**
 * The lives of the pods of each component that changed while suites ran. A pod came, went, restarted or failed its probe.
 * Kubernetes keeps no history of readiness. So a pod that is gone counts as running, not as ready. Pure.
 */
export function podLanes({ pods, events }: ClusterRecord, places: readonly TestedPlace[]): PodLane[] {
  return places.flatMap((place) => {
    const lives = livesIn(
      pods.filter(({ namespace }) => namespace === place.namespace),
      events.filter(({ namespace, object }) => namespace === place.namespace && object.startsWith('Pod/')),
    );
    return [...Map.groupBy(lives, ({ component }) => component)]
      .filter(([, own]) => own.some((life) => happened(life, place)))
      .map(
        ([component, own]): PodLane => ({
          environment: place.environment,
          component,
          pods: rowsOf(own.map((life) => podOf(life, place)).filter(({ from, to }) => to > from)),
        }),
      )
      .sort((one, other) => one.component.localeCompare(other.component));
  });
}

function livesIn(pods: readonly SeenPod[], events: readonly SeenEvent[]): Life[] {
  const known = new Map(pods.map((pod) => [pod.name, pod]));
  const siblings = new Map(pods.map((pod) => [baseOf(pod.name), pod]));
  const byPod = Map.groupBy(events, ({ object }) => object.slice('Pod/'.length));
  return [...new Set([...known.keys(), ...byPod.keys()])].flatMap((name): Life[] => {
    const pod = known.get(name);
    // A pod that is gone has the component and the containers of one whose name begins as its own does.
    const like = pod ?? siblings.get(baseOf(name));
    if (!like) return [];
    const own = (byPod.get(name) ?? []).toSorted((a, b) => startOf(a) - startOf(b));
    const begins = beginsOf(own, pod);
    return begins.map((began, index) => {
      const next = begins[index + 1] ?? Number.POSITIVE_INFINITY;
      const during = own.filter((event) => startOf(event) >= began && startOf(event) < next);
      return lifeOf({ name, began, next, like, during }, index === begins.length - 1 ? pod : undefined);
    });
  });
}

/** When pods of this name began: those of a StatefulSet have one name after another. */
function beginsOf(events: readonly SeenEvent[], pod: SeenPod | undefined): number[] {
  const begins = events.filter(({ reason }) => reason === 'Scheduled').map(startOf);
  const created = time(pod?.createdAt);
  if (created === undefined) return begins;
  // The pod that is there was created before it was scheduled, if the event is still known.
  return [...begins.filter((at) => at < created), created];
}

interface Known {
  name: string;
  began: number;
  /** When the next pod of this name began. */
  next: number;
  /** A pod of the same component. */
  like: SeenPod;
  /** Events of this pod alone, by time. */
  during: readonly SeenEvent[];
}

function lifeOf({ name, began, next, like, during }: Known, pod: SeenPod | undefined): Life {
  const main = like.containers.map((container) => `Started container ${container.name}`);
  const started = during.find(({ reason, message }) => reason === 'Started' && main.includes(message));
  const killing = during.find(({ reason }) => reason === 'Killing');
  // A container that is killed and started again belongs to a pod that is still there.
  const killed = pod ? undefined : killing ? startOf(killing) : Number.isFinite(next) ? next : undefined;
  const readySince = pod?.ready?.is ? time(pod.ready.since) : undefined;
  return {
    ...{ name, component: like.component, began },
    ...(started ? { started: startOf(started) } : {}),
    ...(readySince === undefined ? {} : { readySince }),
    unready: unreadyIn(during, pod),
    ...(killed === undefined ? {} : { killed }),
    restarts: pod?.containers.reduce((sum, each) => sum + each.restarts, 0) ?? 0,
  };
}

/** Most milliseconds between two failures of a probe that belong together. */
const PROBE_MS = 15_000;

/** When the probe failed. Kubernetes counts repeated events: of those that are far apart, only the first and last time is known. */
function unreadyIn(events: readonly SeenEvent[], pod: SeenPod | undefined): Window[] {
  const failed = events
    .filter(({ reason, message }) => reason === 'Unhealthy' && message.startsWith('Readiness probe'))
    .flatMap((event) => {
      const [from, to] = [startOf(event), time(event.at) ?? startOf(event)];
      if (to - from <= event.count * PROBE_MS) return [{ from, to }];
      return [from, to].map((at) => ({ from: at, to: at }));
    });
  const since = pod?.ready && !pod.ready.is ? time(pod.ready.since) : undefined;
  return since === undefined ? failed : [...failed, { from: since, to: Number.POSITIVE_INFINITY }];
}

/** The name of a pod without what its ReplicaSet or StatefulSet appends: "manager-5d8f9c7b6-x7k2p" is "manager". */
function baseOf(name: string): string {
  return name.replace(/(-[a-z0-9]{8,10})?-[a-z0-9]{5}$|-\d+$/, '');
}

function startOf({ firstAt, at }: SeenEvent): number {
  return time(firstAt) ?? time(at) ?? 0;
}

function happened(life: Life, { from, to }: TestedPlace): boolean {
  const within = (at: number | undefined) => at !== undefined && at >= from && at <= to;
  return (
    life.restarts > 0 ||
    within(life.began) ||
    within(life.killed) ||
    life.unready.some((each) => within(each.from))
  );
}

function podOf(life: Life, { to: end }: TestedPlace): Omit<PagePod, 'row'> {
  const to = Math.min(life.killed ?? end, end);
  const started = Math.min(life.started ?? life.readySince ?? to, to);
  const ready = Math.max(started, Math.min(life.readySince ?? to, to));
  const spans: PodSpan[] = [
    { is: 'pending', from: life.began, to: started },
    { is: 'running', from: started, to: ready },
    { is: 'ready', from: ready, to },
    ...life.unready.map((each): PodSpan => ({ is: 'unready', from: each.from, to: Math.min(each.to, to) })),
  ];
  return {
    name: life.name,
    ...{ from: life.began, to },
    ...(life.restarts > 0 ? { restarts: life.restarts } : {}),
    ...(life.killed === undefined ? {} : { gone: true }),
    spans: spans.filter((span) => span.to > span.from || (span.is === 'unready' && span.from <= to)),
  };
}

/** Pods that were there at once get rows of their own. */
function rowsOf(pods: readonly Omit<PagePod, 'row'>[]): PagePod[] {
  const ends: number[] = [];
  return pods
    .toSorted((one, other) => one.from - other.from)
    .map((pod) => {
      const free = ends.findIndex((end) => end <= pod.from);
      const row = free < 0 ? ends.length : free;
      ends[row] = pod.to;
      return { ...pod, row };
    });
}
