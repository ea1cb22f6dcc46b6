import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  ARTIFACT_SERVICE,
  ARTIFACTS_PATH,
  isArtifactFile,
  nameOfFile,
  partsOf,
  pathTo,
  placeAt,
} from '@backendai-e2e/api/artifact-key';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { type Artifact, REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { type Clock, sleep, systemClock } from '@backendai-e2e/kube/clock';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { insideFolder } from './inside-folder.ts';

/** The result of fetching the artifacts of a run. */
export interface Fetched {
  /** Files below the folder, with their sums. */
  files: { file: string; sha256: string }[];
  /** Artifacts that are gone or cannot be fetched, a sentence each. */
  missing: string[];
  /** Artifacts whose bytes differ from the report's SHA-256, a sentence each. Their files are not written. */
  differing: string[];
  /** Artifacts that the operator could not archive, a sentence each. */
  neverKept: string[];
}

/** Name of the file with the sums, for `sha256sum --check`. */
const SUMS = 'SHA256SUMS';

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

/** Where artifacts may come from, and where they go. */
export interface ArtifactSites {
  /** Folder that is written: `<report>/<file>`, as stored (logs are packed), and a file of their sums. */
  folder: string;
  /** Namespace of the artifact server. What a status names elsewhere is not called. */
  serverNamespace: string;
}

/**
 * Fetches every artifact of these reports. Parts of a report come from programs that tested something untrusted. So each
 * artifact is checked before anything is called or written. Its key and file name must be valid, and its SHA-256 must match. It must be
 * on the known artifact server or in a ConfigMap of its own report. Only the signal rejects: a failed artifact is in the result.
 */
export async function fetchArtifacts(
  client: Pick<RestApi, 'get' | 'bytes'>,
  reports: readonly TestReport[],
  { folder, serverNamespace }: ArtifactSites,
  signal: AbortSignal,
): Promise<Fetched> {
  const fetched: Fetched = { files: [], missing: [], differing: [], neverKept: [] };
  const written = new Set<string>();
  for (const report of reports) {
    const archived = conditionOf(report.status?.conditions, REPORT_CONDITIONS.archived);
    const { name } = report.metadata;
    if (archived?.status === 'False') fetched.neverKept.push(`${name}: ${archived.message}`);
    for (const artifact of report.status?.artifacts ?? []) {
      const shown = `${name}/${artifact.name}`;
      try {
        const source = sourceOf(report, artifact, serverNamespace);
        const file = path.join(name, source.file);
        const target = insideFolder(folder, name, source.file);
        if (written.has(file)) throw new Refused(`a second artifact has the file name ${source.file}`);
        const bytes = await bytesOf(client, source, signal);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        if (sha256 !== artifact.sha256) {
          fetched.differing.push(
            `${shown} differs from what was archived and is not written: its SHA-256 is ${sha256}, the report has ${artifact.sha256}`,
          );
          continue;
        }
        written.add(file);
        await mkdir(path.dirname(target), { recursive: true });
        await writeFile(target, bytes);
        fetched.files.push({ file, sha256 });
      } catch (error) {
        signal.throwIfAborted();
        fetched.missing.push(`${shown}: ${whyNot(error, artifact)}`);
      }
    }
  }
  if (fetched.files.length > 0) {
    const lines = fetched.files.map(({ file, sha256 }) => `${sha256}  ${file}\n`);
    await writeFile(path.join(folder, SUMS), lines.join(''));
  }
  return fetched;
}

/** The result of a wait for the archive. */
export interface ArchiveWait {
  /** The reports as last read. */
  reports: readonly TestReport[];
  /** Names of reports that are final but not archived. */
  pending: string[];
}

const LOOK_MS = 500;
/** An attempt is archived within seconds of its pod's end, unless a kubelet or the artifact store is unavailable. */
const SOON_MS = 60_000;

/**
 * Waits until every final report has the condition Archived. Gives up on a report one minute after its end. The clock of the
 * cluster may differ, so it gives up on all of them after one minute. Rejects only on abort.
 */
export async function untilArchived(
  read: () => Promise<readonly TestReport[]>,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<ArchiveWait> {
  const end = clock.monotonicMs() + SOON_MS;
  for (;;) {
    const reports = await read();
    const pending = reports.filter(isPending);
    const oldest = clock.now().getTime() - SOON_MS;
    const coming = pending.some(({ status }) => Date.parse(status?.finishedAt ?? '') > oldest);
    if (!coming || clock.monotonicMs() >= end) {
      return { reports, pending: pending.map(({ metadata }) => metadata.name) };
    }
    await sleep(clock, LOOK_MS, signal);
  }
}

/** Whether an attempt has ended and is not archived yet. */
function isPending({ status }: TestReport): boolean {
  return status?.final === true && !conditionOf(status.conditions, REPORT_CONDITIONS.archived);
}

/** The report names a place that no operator writes. */
class Refused extends Error {
  override readonly name = 'Refused';
}

/** Where the bytes of an artifact are. */
type Source = { file: string } & (
  | { at: 'configMap'; path: string; key: string; owner: string }
  | { at: 'server'; path: string }
);

/** The place of an artifact. Throws Refused for one that the operator would not write. */
function sourceOf(report: TestReport, artifact: Artifact, serverNamespace: string): Source {
  const { namespace = '', name, uid = '' } = report.metadata;
  const { key, configMap, service } = artifact;
  const file = configMap === undefined ? partsOf(key)?.file : key;
  if (file === undefined || !isArtifactFile(file) || nameOfFile(file) !== artifact.name)
    throw new Refused(`${JSON.stringify(key)} is no key of this artifact: nothing is fetched for it`);
  if (configMap !== undefined) {
    if (configMap !== name)
      throw new Refused(
        `ConfigMap ${JSON.stringify(configMap)} does not belong to the report: it is not read`,
      );
    return { at: 'configMap', file, key, owner: uid, path: corePath(namespace, 'configmaps', configMap) };
  }
  const place = pathTo({ namespace, report: name, uid, key });
  const known = `${serverNamespace}/${ARTIFACT_SERVICE}`;
  if (service !== known || !placeAt(place))
    throw new Refused(
      `the report names the Service ${JSON.stringify(service ?? '')}, and the artifact server is ${known}: only that is called. ` +
        'If the operator is in another namespace, name it with --artifacts-namespace',
    );
  const proxy = corePath(serverNamespace, 'services', ARTIFACT_SERVICE, 'proxy');
  return { at: 'server', file, path: `${proxy}${ARTIFACTS_PATH}/${place}` };
}

async function bytesOf(
  client: Pick<RestApi, 'get' | 'bytes'>,
  source: Source,
  signal: AbortSignal,
): Promise<Buffer> {
  if (source.at === 'server') return client.bytes(source.path, signal);
  const { metadata, data, binaryData } = await client.get<ConfigMap>(source.path, {}, signal);
  if (!metadata.ownerReferences?.some(({ uid }) => uid === source.owner))
    throw new Refused(`ConfigMap ${metadata.name} does not belong to the report`);
  const packed = binaryData?.[source.key];
  const plain = data?.[source.key];
  if (packed !== undefined) return Buffer.from(packed, 'base64');
  if (plain !== undefined) return Buffer.from(plain);
  throw new Error(`ConfigMap ${metadata.name} has no key ${source.key}`);
}

/** Why an artifact could not be fetched, with a remedy where there is one. */
function whyNot(error: unknown, { service = '' }: Artifact): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError) || service === '') return message;
  const [namespace = '', name = ''] = service.split('/');
  if (error.code === 403) {
    return `forbidden: you need "get" on services/proxy named ${name} in namespace ${namespace} (docs/rbac.md)`;
  }
  if (error.code === 404 && /no such artifact/.test(message)) {
    return 'the artifact server no longer has it: without a PersistentVolumeClaim, its volume is lost with its pod';
  }
  if (error.code === 404) return `the artifact server ${service} is gone: was the operator uninstalled?`;
  if (error.code === 503) return `the artifact server ${service} does not answer: ${message}`;
  return message;
}
