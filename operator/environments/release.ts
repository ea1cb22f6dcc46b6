import { gunzipSync } from 'node:zlib';
import { DESIRED_REPLICAS_ANNOTATION } from '@backendai-e2e/api/test-environment';
import type { Secret } from '@backendai-e2e/kube/builtin-resources';
import type { ContainerSpec, Workload } from './components.ts';

/** Key of a release's Secret. */
const KEY = 'release';
const KINDS = new Set(['Deployment', 'StatefulSet', 'Job']);

/** Selects helm's Secret of the deployed release. */
export function deployedReleaseSelector(release: string): string {
  return `owner=helm,name=${release},status=deployed`;
}

/**
 * The workloads in helm's release that are annotated with their desired replicas. A release is stored as gzipped JSON
 * in Base64, which the Secret encodes in Base64 again. Undefined when another version of helm wrote the Secret in another format.
 */
export async function installedWorkloads(secret: Secret): Promise<Workload[] | undefined> {
  const content = secret.data?.[KEY];
  if (!content) return undefined;
  let manifest: unknown;
  try {
    const packed = Buffer.from(Buffer.from(content, 'base64').toString(), 'base64');
    manifest = (JSON.parse(gunzipSync(packed).toString()) as { manifest?: unknown }).manifest;
  } catch {
    // An unreadable release only means that drift is unknown.
    return undefined;
  }
  if (typeof manifest !== 'string') return undefined;
  // Loaded with the first deployment: it needs 3 MiB.
  const { parseAllDocuments } = await import('yaml');
  return parseAllDocuments(manifest).flatMap((document) => {
    const object: unknown = document.toJS();
    return isWorkload(object) && object.metadata.annotations?.[DESIRED_REPLICAS_ANNOTATION] !== undefined
      ? [object]
      : [];
  });
}

function isWorkload(object: unknown): object is Workload {
  return typeof object === 'object' && object !== null && 'kind' in object && KINDS.has(String(object.kind));
}

/** The newest of several releases: helm marks the old one superseded only after the new one is deployed. */
export function newestRelease(secrets: readonly Secret[]): Secret | undefined {
  const version = (secret: Secret) => Number(secret.metadata.labels?.version ?? 0);
  return [...secrets].sort((a, b) => version(b) - version(a))[0];
}

/**
 * Differences between the installed and the existing workloads, one sentence each. Environment variables are named without
 * their values, which may be secret. Only fields that the chart sets are compared, not the API server's defaults.
 */
export function driftOf(installed: readonly Workload[], existing: readonly Workload[]): string[] {
  return installed.flatMap((wanted) => {
    const name = `${wanted.kind}/${wanted.metadata.name}`;
    const found = existing.find(
      ({ kind, metadata }) => kind === wanted.kind && metadata.name === wanted.metadata.name,
    );
    if (!found) return shouldExist(wanted) ? [`${name} was deleted`] : [];
    const scaled = replicasOf(found) !== replicasOf(wanted) && wanted.kind !== 'Job';
    return [
      ...(scaled ? [`${name} was scaled from ${replicasOf(wanted)} to ${replicasOf(found)}`] : []),
      ...containerDrift(name, wanted, found),
    ];
  });
}

/** The installed workloads that should exist and do not. */
export function missingWorkloads(installed: readonly Workload[], existing: readonly Workload[]): Workload[] {
  const keyOf = ({ kind, metadata }: Workload) => `${kind}/${metadata.name}`;
  const present = new Set(existing.map(keyOf));
  return installed.filter((workload) => shouldExist(workload) && !present.has(keyOf(workload)));
}

/** Whether a missing workload should exist: Jobs are deleted at the end of their time to live. */
export function shouldExist(wanted: Workload): boolean {
  return wanted.kind !== 'Job' || wanted.spec?.ttlSecondsAfterFinished === undefined;
}

function replicasOf(workload: Workload): number {
  return workload.spec?.replicas ?? 1;
}

function containerDrift(workload: string, wanted: Workload, found: Workload): string[] {
  return containersOf(wanted).flatMap((container) => {
    const name = `container ${container.name} of ${workload}`;
    const now = containersOf(found).find((candidate) => candidate.name === container.name);
    if (!now) return [`${name} was removed`];
    const changed = (['command', 'args'] as const).filter(
      (field) => container[field] && JSON.stringify(container[field]) !== JSON.stringify(now[field] ?? []),
    );
    const variables = changedVariables(container, now);
    return [
      ...(container.image && container.image !== now.image
        ? [`${name} has image ${now.image ?? 'none'} instead of ${container.image}`]
        : []),
      ...(changed.length > 0 ? [`${name} has another ${changed.join(' and ')}`] : []),
      ...(variables.length > 0 ? [`${name} has other variables: ${variables.join(', ')}`] : []),
    ];
  });
}

function changedVariables(wanted: ContainerSpec, found: ContainerSpec): string[] {
  const valuesOf = (container: ContainerSpec) =>
    new Map((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
  const [before, after] = [valuesOf(wanted), valuesOf(found)];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}

function containersOf({ spec }: Workload): ContainerSpec[] {
  const pod = spec?.template?.spec;
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
}
