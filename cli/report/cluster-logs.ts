import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { corePath } from '../cluster-api/client.ts';

/** What collecting needs of a client of the API server. */
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

export interface ContainerStatus {
  name: string;
  restartCount: number;
  state?: {
    running?: unknown;
    waiting?: { reason?: string; message?: string };
    terminated?: { reason?: string };
  };
  lastState?: { terminated?: { reason?: string; exitCode?: number } };
}
export interface Pod {
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
  spec: { containers: { name: string }[]; initContainers?: { name: string }[] };
  status?: {
    phase?: string;
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}
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

export interface Collected {
  pods: readonly Pod[];
  logs: readonly ContainerLog[];
  events: readonly ClusterEvent[];
  /** What could not be read, a sentence each. */
  troubles: readonly string[];
}

/** A log longer than this is cut at its end by the API server: far above what a suite's run makes. */
const LOG_BYTES = 64 * 1024 * 1024;
/** Logs read at a time: the kubelet serves each from a file, more at once only crowd the node. */
const PARALLEL = 6;

/** Reads the logs of every container of every pod of these namespaces, and their events. Never throws for one log. */
export async function readNamespaces(
  source: LogSource,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Collected> {
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
      troubles.push(`pods and events of namespace ${namespace} could not be read: ${sentence(error)}`);
    }
  }
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
        troubles.push(`log of ${namespace}/${pod}/${container} could not be read: ${sentence(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  events.sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
  return { pods, logs, events, troubles };
}

/** The containers of a pod whose log exists: those that started, and their instance before the last restart. */
export function containersOf(pod: Pod): Omit<ContainerLog, 'text'>[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const base = {
    namespace: pod.metadata.namespace,
    pod: pod.metadata.name,
    labels: pod.metadata.labels ?? {},
    component: pod.metadata.labels?.['app.kubernetes.io/component'] ?? pod.metadata.name,
  };
  return statuses.flatMap((status) => {
    const started = status.state?.running !== undefined || status.state?.terminated !== undefined;
    return [
      ...(started ? [{ ...base, container: status.name, previous: false }] : []),
      ...(status.restartCount > 0 ? [{ ...base, container: status.name, previous: true }] : []),
    ];
  });
}

/** When an event last happened, RFC 3339; empty when it does not say. */
export function timeOf(event: ClusterEvent): string {
  return (
    event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp ?? ''
  );
}

/** An event as a line of text. */
export function eventLine(event: ClusterEvent): string {
  const object = `${event.involvedObject.kind ?? '?'}/${event.involvedObject.name ?? '?'}`;
  const times = (event.count ?? 1) > 1 ? ` (${event.count} times)` : '';
  return `${timeOf(event)} ${event.type ?? ''} ${object} ${event.reason ?? ''}: ${event.message ?? ''}${times}`;
}

/** Writes what was collected below `folder`: <namespace>/<pod>/<container>[.previous].log and <namespace>/events.txt. */
export async function writeLogs(folder: string, collected: Collected): Promise<void> {
  for (const log of collected.logs) {
    const where = path.join(folder, log.namespace, log.pod);
    await mkdir(where, { recursive: true });
    await writeFile(path.join(where, `${log.container}${log.previous ? '.previous' : ''}.log`), log.text);
  }
  for (const namespace of new Set(collected.events.map((event) => event.metadata.namespace))) {
    await mkdir(path.join(folder, namespace), { recursive: true });
    const lines = collected.events.filter((event) => event.metadata.namespace === namespace).map(eventLine);
    await writeFile(path.join(folder, namespace, 'events.txt'), `${lines.join('\n')}\n`);
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
