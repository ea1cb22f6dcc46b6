import { gunzipSync } from 'node:zlib';
import { DESIRED_REPLICAS_ANNOTATION } from '@backendai-e2e/api/test-environment';
import type { Secret } from '@backendai-e2e/kube/builtin-resources';
import type { ContainerSpec, Workload } from './components.ts';

/** Key of a release's Secret. */
const KEY = 'release';
const KINDS = new Set(['Deployment', 'StatefulSet', 'Job']);

/** Selects the Secret in which helm keeps the release as it is deployed now. */
export function deployedReleaseSelector(release: string): string {
  return `owner=helm,name=${release},status=deployed`;
}

/**
 * The workloads that helm installed, as its release records them: those with the annotation of their wanted replicas.
 * helm keeps a release as JSON, packed by gzip, in Base64, which the Secret has in Base64 once more. Undefined when the
 * Secret does not hold that: another version of helm wrote it.
 */
export async function installedWorkloads(secret: Secret): Promise<Workload[] | undefined> {
  const content = secret.data?.[KEY];
  if (!content) return undefined;
  let manifest: unknown;
  try {
    const packed = Buffer.from(Buffer.from(content, 'base64').toString(), 'base64');
    manifest = (JSON.parse(gunzipSync(packed).toString()) as { manifest?: unknown }).manifest;
  } catch {
    // What cannot be read tells nothing about drift; nothing else depends on it.
    return undefined;
  }
  if (typeof manifest !== 'string') return undefined;
  // Loaded by the first environment that is deployed: it takes 3 MiB.
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
 * What of the installed workloads is not so any more, a sentence each. Environment variables are named, never shown:
 * their values may be secret. Only what the chart sets is compared; what the API server fills in is not.
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

/** Whether a workload that is not there should be: Jobs may go when their time to live is over. */
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
