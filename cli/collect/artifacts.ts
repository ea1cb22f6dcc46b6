import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ARTIFACTS_PATH, partsOf, pathTo } from '@backendai-e2e/api/artifact-key';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { type Artifact, REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { ApiError } from '@backendai-e2e/kube/api-error';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';

/** What fetching the artifacts of a run left. */
export interface Fetched {
  /** Files below the folder, with their sums. */
  files: { file: string; sha256: string }[];
  /** What is kept no more or cannot be had, a sentence each. */
  missing: string[];
  /** What is not the bytes that the report says, a sentence each. The files are there all the same. */
  differing: string[];
  /** What the operator could not keep, a sentence each. */
  neverKept: string[];
}

/** Beside the files: for `sha256sum --check`. */
const SUMS = 'SHA256SUMS';

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

/**
 * Fetches every artifact of these reports into `folder` (`<report>/<file>`, as stored: logs are packed), with a file of their
 * sums, and holds each against the SHA-256 of its report. Never rejects for one artifact but for the signal.
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
          `${name}/${artifact.name} is not what was kept: its SHA-256 is ${sha256}, the report says ${artifact.sha256}`,
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

/** Resolves when every report that is final is archived, as far as it will be; at the latest after so many milliseconds. */
export async function untilArchived(
  read: () => Promise<readonly TestReport[]>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<readonly TestReport[]> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const reports = await read();
    if (!reports.some((report) => isComing(report, new Date())) || performance.now() > end) return reports;
    await delay(LOOK_MS, undefined, { signal });
  }
}

const LOOK_MS = 500;
/** An attempt is archived within seconds of its pod's end, unless a kubelet or a store is away. */
const SOON_MS = 60_000;

/** Whether a report ended just now and is not archived yet. */
export function isComing({ status }: TestReport, now: Date): boolean {
  if (status?.final !== true || conditionOf(status.conditions, REPORT_CONDITIONS.archived)) return false;
  return now.getTime() - Date.parse(status.finishedAt ?? '') < SOON_MS;
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

/** Sentences for what a person can do something about. */
function whyNot(error: unknown, { service = '' }: Artifact): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError) || service === '') return message;
  const [namespace = '', name = ''] = service.split('/');
  if (error.code === 403) {
    return `you may not fetch it: "get" on services/proxy named ${name} in namespace ${namespace} is missing (docs/rbac.md)`;
  }
  if (error.code === 404 && /no such artifact/.test(message)) {
    return 'the keeper has it no more: a volume without a claim goes with its pod';
  }

  if (error.code === 404) return `the keeper ${service} is gone: was the operator uninstalled?`;
  if (error.code === 503) return `the keeper ${service} does not answer now: ${message}`;
  return message;
}
