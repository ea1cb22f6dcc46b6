import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { InstalledBuild } from '@backendai-e2e/api/release';
import { type ComponentStatus, DESIRED_REPLICAS_ANNOTATION } from '@backendai-e2e/api/test-environment';
import type { Event, Pod } from '@backendai-e2e/kube/builtin-resources';
import { installedBuild } from './helm/release-record.ts';

/** The fields of a container that a chart sets and a user can change. */
export interface ContainerSpec {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string }[];
}

/** The relevant fields of a Deployment, StatefulSet or Job of the environment. */
export interface Workload {
  kind: 'Deployment' | 'StatefulSet' | 'Job';
  metadata: {
    name: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec?: {
    replicas?: number;
    selector?: { matchLabels?: Record<string, string> };
    ttlSecondsAfterFinished?: number;
    template?: { spec?: { initContainers?: ContainerSpec[]; containers?: ContainerSpec[] } };
  };
  status?: {
    replicas?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
    observedGeneration?: number;
    succeeded?: number;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

/** Further facts about a deployment, besides its workloads and pods. */
export interface ComponentEvidence {
  /** Events of type Warning in its namespace. */
  events: readonly Event[];
  /** Last lines of crashed containers, by logKey. */
  logs: ReadonlyMap<string, string>;
  /** Workloads that helm installed and that no longer exist. */
  missing: readonly Workload[];
}

const NOTHING: ComponentEvidence = { events: [], logs: new Map(), missing: [] };
/** Characters of a log in a message. */
const LONGEST_LOG = 500;

/**
 * The status of every workload that the chart annotated with its desired replicas, by kind and name. The chart's number
 * counts: a workload that was scaled by hand is not ready.
 */
export function componentStatuses(
  workloads: readonly Workload[],
  pods: readonly Pod[],
  evidence: Partial<ComponentEvidence> = {},
): ComponentStatus[] {
  const known = { ...NOTHING, ...evidence };
  return [
    ...workloads
      .filter((workload) => workload.metadata.annotations?.[DESIRED_REPLICAS_ANNOTATION] !== undefined)
      .map((workload) => componentStatus(workload, podsOf(workload, pods), known)),
    ...known.missing.map((workload) => ({
      ...componentStatus({ ...workload, status: {} }, [], NOTHING),
      message: 'it was deleted after helm installed it: helm runs again when the chart or its values change',
    })),
  ].sort((a, b) => a.name.localeCompare(b.name) || a.workload.localeCompare(b.workload));
}

function componentStatus(
  workload: Workload,
  pods: readonly Pod[],
  evidence: ComponentEvidence,
): ComponentStatus {
  const { name, labels, annotations } = workload.metadata;
  const desired = Number.parseInt(annotations?.[DESIRED_REPLICAS_ANNOTATION] ?? '1', 10) || 0;
  const ready = readyOf(workload);
  const component = labels?.['app.kubernetes.io/component'] ?? name;
  const label = labels?.['app.kubernetes.io/version'];
  const build = installedBuild(component, pods) ?? (label ? { version: label } : {});
  const imageDigest = pods
    .flatMap((pod) => pod.status?.containerStatuses ?? [])
    .map((container) => container.imageID)
    .find((image) => image);
  const message = ready >= desired ? undefined : whyUnready(workload, desired, pods, evidence);
  return {
    name: component,
    workload: `${workload.kind}/${name}`,
    ready,
    desired,
    restarts: pods
      .flatMap((pod) => [
        ...(pod.status?.initContainerStatuses ?? []),
        ...(pod.status?.containerStatuses ?? []),
      ])
      .reduce((sum, container) => sum + container.restartCount, 0),
    ...build,
    ...(imageDigest ? { imageDigest } : {}),
    ...(message ? { message: message.slice(0, LENGTHS.message) } : {}),
  };
}

/**
 * Ready pods of the current template. Pods of an earlier one do not count: a suite must not meet what an upgrade has not replaced
 * yet. Each pod of an earlier template is taken to be ready, as a status does not say which pods are.
 */
function readyOf(workload: Workload): number {
  if (workload.kind === 'Job') {
    return workload.status?.conditions?.some((seen) => seen.type === 'Complete' && seen.status === 'True')
      ? 1
      : 0;
  }
  if (isUnseen(workload)) return 0;
  const { replicas = 0, readyReplicas = 0 } = workload.status ?? {};
  return Math.max(0, readyReplicas - Math.max(0, replicas - updatedOf(workload)));
}

/** Whether its controller has not looked at the latest change of the workload. */
function isUnseen({ metadata, status }: Workload): boolean {
  return (status?.observedGeneration ?? metadata.generation ?? 0) < (metadata.generation ?? 0);
}

/** Pods of the current template, ready or not. A status without the field has none. */
function updatedOf({ status }: Workload): number {
  return status?.updatedReplicas ?? 0;
}

/** The first explanation: scaled by hand, a failed Job, a waiting or crashed container, an event, a refusal. */
function whyUnready(
  workload: Workload,
  desired: number,
  pods: readonly Pod[],
  { events, logs }: ComponentEvidence,
): string {
  const wanted = workload.spec?.replicas ?? 1;
  if (workload.kind !== 'Job' && wanted < desired) {
    return `scaled to ${wanted} by hand: ${workload.status?.readyReplicas ?? 0} of ${desired} wanted`;
  }
  if (workload.kind !== 'Job' && isUnseen(workload)) return 'changed, and not looked at yet';
  const failed = failureOf(workload.status);
  const living = pods.filter((pod) => pod.status?.phase !== 'Succeeded');
  const reasons = living.map(podTrouble).filter((reason) => reason !== undefined);
  const said = living
    .flatMap(deadContainers)
    .map((dead) => logs.get(logKey(dead)))
    .find((text) => text);
  const named = new Set([...living.map((pod) => pod.metadata.name), workload.metadata.name]);
  const warning = lastWarning(events, named);
  const earlier = workload.kind === 'Job' ? 0 : (workload.status?.replicas ?? 0) - updatedOf(workload);
  const parts = [
    earlier > 0 ? `${earlier} of an earlier version` : undefined,
    failed ? `${failed.reason ?? failed.type}: ${failed.message ?? ''}` : undefined,
    reasons[0],
    said ? `its log ends: ${said}` : undefined,
    warning ? `last event: ${warning}` : undefined,
    living.length === 0 && !failed ? 'no pod yet' : undefined,
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join('; ') : 'started, not ready yet';
}

/** The names of the Jobs that the Job controller has given up. */
export function failedJobs(workloads: readonly Workload[]): string[] {
  return workloads
    .filter(({ kind, status }) => kind === 'Job' && failureOf(status) !== undefined)
    .map(({ metadata }) => metadata.name);
}

function failureOf(status: Workload['status']) {
  return status?.conditions?.find(
    (seen) => (seen.type === 'Failed' || seen.type === 'ReplicaFailure') && seen.status === 'True',
  );
}

/** A crashed container, whose last lines may give the reason. */
export interface DeadContainer {
  pod: Pod;
  container: string;
  restartCount: number;
  /** Read the log of the container before its restart. */
  previous: boolean;
}

/** Containers of a pod that are not ready because they crashed. */
export function deadContainers(pod: Pod): DeadContainer[] {
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return containers.flatMap(({ name, ready, state, lastState, restartCount }) => {
    const now = state?.terminated;
    if (ready || (now ?? lastState?.terminated)?.exitCode === undefined) return [];
    if ((now ?? lastState?.terminated)?.exitCode === 0 && restartCount === 0) return [];
    return [{ pod, container: name, restartCount, previous: now === undefined }];
  });
}

/** Key of the log of one run of a container. */
export function logKey({ pod, container, restartCount }: DeadContainer): string {
  return `${pod.metadata.uid ?? pod.metadata.name}/${container}/${restartCount}`;
}

/** The last lines of a log joined into one, which fits into a message. */
export function inOneLine(log: string): string {
  const lines = log
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const text = lines.join(' | ');
  return text.length > LONGEST_LOG ? `…${text.slice(-LONGEST_LOG)}` : text;
}

/** "pod x: container y waits: ImagePullBackOff: …", "… restarted 3 times, last exit code 1 (Error): …", or undefined. */
function podTrouble(pod: Pod): string | undefined {
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const { name, state, lastState, restartCount } of containers) {
    const terminated = state?.terminated ?? lastState?.terminated;
    const lastExit =
      terminated && (terminated.exitCode !== 0 || restartCount > 0)
        ? `, last exit code ${terminated.exitCode}${terminated.reason ? ` (${terminated.reason})` : ''}${terminated.message ? `: ${terminated.message.trim()}` : ''}`
        : '';
    const waiting = state?.waiting;
    if (waiting?.reason && waiting.reason !== 'PodInitializing' && waiting.reason !== 'ContainerCreating') {
      const said = waiting.message ? `: ${waiting.message}` : '';
      return `pod ${pod.metadata.name}: container ${name} waits: ${waiting.reason}${said}${lastExit}`;
    }
    if (lastExit)
      return `pod ${pod.metadata.name}: container ${name} restarted ${restartCount} times${lastExit}`;
  }
  const unscheduled = pod.status?.conditions?.find(
    (seen) => seen.type === 'PodScheduled' && seen.status === 'False',
  );
  if (unscheduled) {
    return `pod ${pod.metadata.name}: ${unscheduled.reason ?? 'not scheduled'}: ${unscheduled.message ?? ''}`;
  }
  const unready = containers.find((container) => container.state?.running && !container.ready);
  if (unready) return `pod ${pod.metadata.name}: container ${unready.name} runs, not ready yet`;
  return pod.status?.message;
}

function lastWarning(events: readonly Event[], named: ReadonlySet<string>): string | undefined {
  const [last] = events
    .filter((event) => event.type === 'Warning' && named.has(event.involvedObject?.name ?? ''))
    .sort((a, b) => timeOf(b).localeCompare(timeOf(a)));
  return last ? `${last.reason ?? ''}: ${last.message ?? ''}` : undefined;
}

function timeOf(event: Event): string {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? '';
}

function podsOf(workload: Workload, pods: readonly Pod[]): Pod[] {
  const labels =
    workload.kind === 'Job'
      ? { 'batch.kubernetes.io/job-name': workload.metadata.name }
      : workload.spec?.selector?.matchLabels;
  if (!labels) return [];
  const wanted = Object.entries(labels);
  return pods
    .filter((pod) => wanted.every(([key, value]) => pod.metadata.labels?.[key] === value))
    .sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''));
}

/**
 * What suites take for the version of the deployment: that of its manager. It is modified where any component of that commit is,
 * because an edit replaces only the components that it touches. Undefined until a manager said what it runs.
 */
export function deployedBuild(components: readonly ComponentStatus[]): InstalledBuild | undefined {
  const manager = components.find(({ name }) => name === 'manager');
  if (manager?.version === undefined) return undefined;
  const { version, commit } = manager;
  const edited = components.some((one) => one.modified === true && one.commit === commit);
  const modified = edited || manager.modified;
  return {
    version,
    ...(commit === undefined ? {} : { commit }),
    ...(modified === undefined ? {} : { modified }),
  };
}

/** The components that have fewer ready pods than the chart asked for. */
export function unready(components: readonly ComponentStatus[]): ComponentStatus[] {
  return components.filter((component) => component.ready < component.desired);
}

/** "manager: 0 of 2 ready (scaled to 0 by hand: …); agent: 1 of 2 ready (…)". */
export function unreadyInWords(components: readonly ComponentStatus[]): string {
  return components
    .map(
      ({ name, ready, desired, message }) =>
        `${name}: ${ready} of ${desired} ready${message ? ` (${message})` : ''}`,
    )
    .join('; ');
}
