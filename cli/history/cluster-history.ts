import { createHash } from 'node:crypto';
import {
  ARTIFACT_SERVICE,
  ARTIFACT_TOKEN_HEADER,
  ARTIFACTS_PATH,
  type ArtifactPlace,
  HISTORY_REPORT,
  historyOwner,
  isWhole,
  keyOf,
  partsOf,
  pathTo,
  placeAt,
} from '@backendai-e2e/api/artifact-key';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { historyFileName } from '@backendai-e2e/results/history/file-name';
import type { HistoryHead } from '@backendai-e2e/results/history/read';
import { type HistoryLine, historyBytes, readHistoryFile } from './history-file.ts';

/** The history that an operator keeps on its artifact server. */
export interface ClusterHistory {
  client: Pick<RestApi, 'get' | 'bytes' | 'putBytes'>;
  /** Namespace of the runs. */
  namespace: string;
  /** Namespace of the artifact server. */
  serverNamespace: string;
  /** Name of the Secret with its token, in its namespace. */
  tokenSecret: string;
  signal: AbortSignal;
}

/** The artifact server does not give its history, with the reason and the remedy. Exit code 2. */
class NoClusterHistory extends Error {
  override readonly name = 'NoClusterHistory';
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/**
 * The records of the runs of a namespace, as the artifact server has them. What differs from its SHA-256 is left out and named.
 * @throws NoClusterHistory if the server cannot be asked
 */
export async function readClusterHistory(
  from: ClusterHistory,
): Promise<{ lines: HistoryLine[]; troubles: string[] }> {
  const headers = await tokenOf(from);
  const lines: HistoryLine[] = [];
  const troubles: string[] = [];
  for (const place of await placesIn(from, headers)) {
    const { sha256, file = '' } = partsOf(place.key) ?? {};
    const bytes = await asked(from, () => from.client.bytes(pathOn(from, place), from.signal, headers));
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      troubles.push(`${file} is left out: its SHA-256 is not the one of its name`);
      continue;
    }
    const content = readHistoryFile(bytes, file);
    lines.push(...content.lines);
    troubles.push(...content.troubles);
  }
  return { lines, troubles };
}

/**
 * Adds records to the artifact server. A run that it has stays as it is. Returns how many were new.
 * @throws NoClusterHistory if the server cannot be asked
 */
export async function addToCluster(
  to: ClusterHistory,
  lines: readonly (HistoryHead & { text: string })[],
): Promise<{ added: number; troubles: string[] }> {
  const headers = await tokenOf(to);
  const present = new Set((await placesIn(to, headers)).map(({ uid }) => uid));
  const troubles: string[] = [];
  let added = 0;
  for (const { uid, startedAt, text } of lines) {
    if (present.has(uid)) continue;
    const bytes = historyBytes(text);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = historyFileName({ startedAt, uid }).toLowerCase();
    const place = { ...historyOwner(to.namespace, uid), key: keyOf({ sha256, omittedBytes: 0, file }) };
    if (!placeAt(pathTo(place))) {
      troubles.push(
        `${file} is left out: a run that was in no API server has no place on an artifact server`,
      );
      continue;
    }
    await asked(to, () => to.client.putBytes(pathOn(to, place), bytes, headers, to.signal));
    present.add(uid);
    added += 1;
  }
  return { added, troubles };
}

/** The places of all records of the namespace. */
async function placesIn(from: ClusterHistory, headers: Record<string, string>): Promise<ArtifactPlace[]> {
  const path = `${proxyOf(from)}${ARTIFACTS_PATH}/${from.namespace}`;
  const answer = await asked(from, () => from.client.bytes(path, from.signal, headers));
  const listed: { place: ArtifactPlace }[] = JSON.parse(answer.toString());
  return listed.flatMap(({ place }) => {
    const known = placeAt(pathTo(place));
    return known && isWhole(known) && known.report === HISTORY_REPORT && known.namespace === from.namespace
      ? [known]
      : [];
  });
}

async function tokenOf(from: ClusterHistory): Promise<Record<string, string>> {
  const { client, serverNamespace, tokenSecret, signal } = from;
  const path = corePath(serverNamespace, 'secrets', tokenSecret);
  const secret = await asked(from, () => client.get<{ data?: { token?: string } }>(path, {}, signal));
  const token = Buffer.from(secret.data?.token ?? '', 'base64').toString();
  if (token === '') {
    throw new NoClusterHistory(
      `Secret ${serverNamespace}/${tokenSecret} has no key "token"`,
      'name the Secret of the artifact server with --token-secret',
    );
  }
  return { [ARTIFACT_TOKEN_HEADER]: token };
}

function proxyOf({ serverNamespace }: ClusterHistory): string {
  return corePath(serverNamespace, 'services', ARTIFACT_SERVICE, 'proxy');
}

function pathOn(from: ClusterHistory, place: ArtifactPlace): string {
  return `${proxyOf(from)}${ARTIFACTS_PATH}/${pathTo(place)}`;
}

/** The answer to a question, or the remedy for a refusal. */
async function asked<T>({ serverNamespace, tokenSecret }: ClusterHistory, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const remedies: Record<number, string> = {
      403: `ask for "get" on the Secret ${tokenSecret}, and "get" and "update" on services/proxy named ${ARTIFACT_SERVICE}, in namespace ${serverNamespace} (docs/rbac.md)`,
      404: 'install the operator with an artifact server (artifacts.store is volume or s3), or name its namespace with --artifacts-namespace',
      507: 'enlarge the volume of the artifact server, or delete runs',
    };
    const remedy = remedies[error.code];
    if (remedy === undefined) throw error;
    throw new NoClusterHistory(`the history of the cluster is out of reach: ${error.message}`, remedy, {
      cause: error,
    });
  }
}
