import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ARTIFACTS_PATH, partsOf, pathTo } from '@backendai-e2e/api/artifact-key';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { type Artifact, REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { type Clock, sleep, systemClock } from '@backendai-e2e/kube/clock';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';

/** The result of fetching the artifacts of a run. */
export interface Fetched {
  /** Files below the folder, with their sums. */
  files: { file: string; sha256: string }[];
  /** Artifacts that are gone or cannot be fetched, a sentence each. */
  missing: string[];
  /** Artifacts whose bytes differ from the report's SHA-256, a sentence each. Their files are written too. */
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

/**
 * Fetches every artifact of these reports into `folder` (`<report>/<file>`, as stored: logs are packed), writes a file of
 * their sums, and compares each with the SHA-256 of its report. Only the signal rejects: a failed artifact is in the
 * result.
 */
export async function fetchArtifacts(
  client: Pick<RestApi, 'get' | 'bytes'>,
  reports: readonly TestReport[],
  folder: string,
  signal: AbortSignal,
): Promise<Fetched> {
  const fetched: Fetched = { files: [], missing: [], differing: [], neverKept: [] };
  for (const report of reports) {
    const archived = conditionOf(report.status?.conditions, REPORT_CONDITIONS.archived);
    const { name } = report.metadata;
    if (archived?.status === 'False') fetched.neverKept.push(`${name}: ${archived.message}`);
    for (const artifact of report.status?.artifacts ?? []) {
      const file = path.join(name, fileOf(artifact));
      let bytes: Buffer;
      try {
        bytes = await bytesOf(client, report, artifact, signal);
      } catch (error) {
        signal.throwIfAborted();
        fetched.missing.push(`${name}/${artifact.name}: ${whyNot(error, artifact)}`);
        continue;
      }
      await mkdir(path.join(folder, name), { recursive: true });
      await writeFile(path.join(folder, file), bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      fetched.files.push({ file, sha256: artifact.sha256 });
      if (sha256 !== artifact.sha256) {
        fetched.differing.push(
          `${name}/${artifact.name} differs from what was archived: its SHA-256 is ${sha256}, the report has ${artifact.sha256}`,
        );
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
 * Waits until every final report has the condition Archived. Gives up on a report one minute after its end, and on all of
 * them after one minute: the clock of the cluster may differ. Rejects only on abort.
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

function fileOf(artifact: Artifact): string {
  return partsOf(artifact.key)?.file ?? artifact.key;
}

async function bytesOf(
  client: Pick<RestApi, 'get' | 'bytes'>,
  report: TestReport,
  artifact: Artifact,
  signal: AbortSignal,
): Promise<Buffer> {
  const { namespace = '', name, uid = '' } = report.metadata;
  if (artifact.configMap !== undefined) {
    const at = corePath(namespace, 'configmaps', artifact.configMap);
    const { data, binaryData } = await client.get<ConfigMap>(at, {}, signal);
    const packed = binaryData?.[artifact.key];
    const plain = data?.[artifact.key];
    if (packed !== undefined) return Buffer.from(packed, 'base64');
    if (plain !== undefined) return Buffer.from(plain);
    throw new Error(`ConfigMap ${artifact.configMap} has no key ${artifact.key}`);
  }
  const [serviceNamespace = '', service = ''] = (artifact.service ?? '').split('/');
  const place = pathTo({ namespace, report: name, uid, key: artifact.key });
  const proxy = corePath(serviceNamespace, 'services', service, 'proxy');
  return client.bytes(`${proxy}${ARTIFACTS_PATH}/${place}`, signal);
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
