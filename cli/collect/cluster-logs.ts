import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { corePath } from '@backendai-e2e/kube/request';
import { componentOfPod, timeOfEvent } from '@backendai-e2e/results/seen-objects';
import { insideFolder, UnsafeName } from './inside-folder.ts';

/** The part of a client of the API server that reading logs needs. */
export interface LogSource {
  get<T>(
    path: string,
    query?: Record<string, string | number | boolean | undefined>,
    signal?: AbortSignal,
  ): Promise<T>;
  text(
    path: string,
    query?: Record<string, string | number | boolean | undefined>,
    signal?: AbortSignal,
  ): Promise<string>;
}

/** What the logs need of a container's status in a pod (core/v1 ContainerStatus). */
export interface ContainerStatus {
  name: string;
  restartCount: number;
  image?: string;
  imageID?: string;
  state?: {
    running?: { startedAt?: string };
    waiting?: { reason?: string; message?: string };
    terminated?: { reason?: string };
  };
  lastState?: { terminated?: { reason?: string; exitCode?: number; finishedAt?: string } };
}

/** What the logs need of a pod. */
export interface Pod {
  metadata: { name: string; namespace: string; labels?: Record<string, string>; creationTimestamp?: string };
  spec: { nodeName?: string; containers: { name: string }[]; initContainers?: { name: string }[] };
  status?: {
    phase?: string;
    conditions?: { type: string; status: string; lastTransitionTime?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

/** What the list of events needs of an Event (core/v1). Old and new recorders fill different fields with its time. */
export interface ClusterEvent {
  metadata: { namespace: string; creationTimestamp?: string };
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  involvedObject: { kind?: string; name?: string };
}

/** The log of one container, each line with the kubelet's timestamp. */
export interface ContainerLog {
  namespace: string;
  pod: string;
  container: string;
  /** app.kubernetes.io/component of the pod, else the pod's name. */
  component: string;
  labels: Readonly<Record<string, string>>;
  /** From the instance before the last restart. */
  previous: boolean;
  text: string;
}

/** What the pods of some namespaces left. */
export interface ClusterLogs {
  pods: readonly Pod[];
  logs: readonly ContainerLog[];
  events: readonly ClusterEvent[];
  /** What could not be read, a sentence each. */
  troubles: readonly string[];
}

/** The API server cuts a longer log at its end. Far above what a run makes. */
export const LOG_BYTES = 64 * 1024 * 1024;
/** Logs read at a time. The kubelet serves each from a file: more at once only load the node. */
const PARALLEL = 6;

/** Reads the pods and events of these namespaces, without any log. What cannot be read is a trouble in the result. */
export async function readObjects(
  source: Pick<LogSource, 'get'>,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<{ pods: Pod[]; events: ClusterEvent[]; troubles: string[] }> {
  const troubles: string[] = [];
  const pods: Pod[] = [];
  const events: ClusterEvent[] = [];
  for (const namespace of namespaces) {
    try {
      pods.push(...(await source.get<{ items: Pod[] }>(corePath(namespace, 'pods'), {}, signal)).items);
      events.push(
        ...(await source.get<{ items: ClusterEvent[] }>(corePath(namespace, 'events'), {}, signal)).items,
      );
    } catch (error) {
      signal.throwIfAborted();
      troubles.push(`cannot read pods and events of namespace ${namespace}: ${sentence(error)}`);
    }
  }
  events.sort((a, b) => timeOfEvent(a).localeCompare(timeOfEvent(b)));
  return { pods, events, troubles };
}

/**
 * Reads the logs of every container of every pod of these namespaces, and their events. A log that cannot be read is a
 * trouble in the result.
 */
export async function readNamespaces(
  source: LogSource,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<ClusterLogs> {
  const { pods, events, troubles } = await readObjects(source, namespaces, signal);
  const wanted = pods.flatMap(containersOf);
  const logs: ContainerLog[] = [];
  const worker = async (): Promise<void> => {
    for (let next = wanted.shift(); next; next = wanted.shift()) {
      const { namespace, pod, container, previous } = next;
      try {
        const query = { container, timestamps: true, previous, limitBytes: LOG_BYTES };
        const text = await source.text(corePath(namespace, 'pods', pod, 'log'), query, signal);
        logs.push({ ...next, text });
      } catch (error) {
        signal.throwIfAborted();
        troubles.push(`cannot read the log of ${namespace}/${pod}/${container}: ${sentence(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return { pods, logs, events, troubles };
}

/** The containers of a pod that have a log: those that started, and their instance before the last restart. */
export function containersOf(pod: Pod): Omit<ContainerLog, 'text'>[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const base = {
    namespace: pod.metadata.namespace,
    pod: pod.metadata.name,
    labels: pod.metadata.labels ?? {},
    component: componentOfPod(pod),
  };
  return statuses.flatMap((status) => {
    const started = status.state?.running !== undefined || status.state?.terminated !== undefined;
    return [
      ...(started ? [{ ...base, container: status.name, previous: false }] : []),
      ...(status.restartCount > 0 ? [{ ...base, container: status.name, previous: true }] : []),
    ];
  });
}

/** An event as a line of text. */
export function eventLine(event: ClusterEvent): string {
  const object = `${event.involvedObject.kind ?? '?'}/${event.involvedObject.name ?? '?'}`;
  const times = (event.count ?? 1) > 1 ? ` (${event.count} times)` : '';
  return `${timeOfEvent(event)} ${event.type ?? ''} ${object} ${event.reason ?? ''}: ${event.message ?? ''}${times}`;
}

/**
 * Writes logs into `folder`: <namespace>/<pod>/<container>[.previous].log, <namespace>/events.txt, and not-collected.txt
 * if something could not be read. A name that is no file name is a line of that file.
 */
export async function writeLogs(folder: string, collected: ClusterLogs): Promise<void> {
  await mkdir(folder, { recursive: true });
  const troubles = [...collected.troubles];
  const write = async (names: readonly string[], text: string): Promise<void> => {
    try {
      const file = insideFolder(folder, ...names);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    } catch (error) {
      if (!(error instanceof UnsafeName)) throw error;
      troubles.push(error.message);
    }
  };
  for (const log of collected.logs) {
    const file = `${log.container}${log.previous ? '.previous' : ''}.log`;
    await write([log.namespace, log.pod, file], log.text);
  }
  for (const namespace of new Set(collected.events.map((event) => event.metadata.namespace))) {
    const lines = collected.events.filter((event) => event.metadata.namespace === namespace).map(eventLine);
    await write([namespace, 'events.txt'], `${lines.join('\n')}\n`);
  }
  if (troubles.length > 0) {
    await writeFile(path.join(folder, 'not-collected.txt'), `${troubles.join('\n')}\n`);
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
