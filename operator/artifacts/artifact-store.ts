import { type ArtifactOwner, nameOfFile, partsOf } from '@backendai-e2e/api/artifact-key';
import { ARCHIVE_BUDGETS, type ArchiveBudget } from '@backendai-e2e/api/limits';
import { ownerReference } from '@backendai-e2e/api/resources';
import type { Artifact, TestReport } from '@backendai-e2e/api/test-report';
import { isAlreadyExists } from '@backendai-e2e/kube/api-error';
import { CONFIG_MAPS, type ConfigMap } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { objectName } from '@backendai-e2e/kube/object';
import { attemptLabels } from '../attempts/attempt-name.ts';
import { NotYetFreeError } from '../attempts/start-attempt.ts';
import { type ArtifactClient, ArtifactServerError } from './server-client.ts';
import { artifactsIn, byImportance, fileOf, type Trace, tracesConfigMap } from './traces.ts';

/** The result of storing the artifacts of an attempt. */
export interface StoredArtifacts {
  /** What is stored now, earlier tries included. */
  artifacts: Artifact[];
  /** Where, for people. */
  where: string;
  /** Why some of it is not stored. */
  trouble?: { reason: 'NameTaken' | 'NotStored' | 'StoreFull'; sentence: string; mayPass: boolean };
}

/** Where the artifacts of an attempt are stored. They are deleted with its report. */
export interface ArtifactStore {
  readonly budget: ArchiveBudget;
  /** What an earlier try for this report has stored. It is not stored again. */
  before(report: TestReport, signal: AbortSignal): Promise<Artifact[]>;
  put(
    report: TestReport,
    traces: readonly Trace[],
    before: readonly Artifact[],
    signal: AbortSignal,
  ): Promise<StoredArtifacts>;
}

/** One immutable ConfigMap per attempt, with the attempt's name, owned by the report. */
export class ConfigMapStore implements ArtifactStore {
  readonly budget = ARCHIVE_BUDGETS.configMap;
  readonly #client: Pick<KubeClient, 'create' | 'get'>;

  constructor(client: Pick<KubeClient, 'create' | 'get'>) {
    this.#client = client;
  }

  /** Always empty: an existing ConfigMap shows when it is created. */
  async before(): Promise<Artifact[]> {
    return [];
  }

  /** Throws ApiError, and NotYetFreeError while the remains of an earlier run have the name. */
  async put(
    report: TestReport,
    traces: readonly Trace[],
    _before: readonly Artifact[],
    signal: AbortSignal,
  ): Promise<StoredArtifacts> {
    const { name, namespace = '', uid } = report.metadata;
    const { run, suite, attempt } = report.spec;
    const at = { name, namespace, labels: attemptLabels(run, suite, attempt), owner: ownerReference(report) };
    const where = `ConfigMap ${name}`;
    const stored = await this.#store(tracesConfigMap(at, traces), report, signal);
    if (!stored) throw new NotYetFreeError(`${where} is being deleted`);
    const [holder] = stored.metadata.ownerReferences ?? [];
    if (holder?.uid !== uid) {
      if (holder?.name === name)
        throw new NotYetFreeError(`${where} belongs to an earlier report that is being deleted`);
      const sentence = `${where} exists and does not belong to this report: delete it`;
      return { artifacts: [], where, trouble: { reason: 'NameTaken', sentence, mayPass: false } };
    }
    return { artifacts: artifactsIn(stored), where };
  }

  /** Creates the ConfigMap, or returns the one that an earlier try created. */
  async #store(
    configMap: ReturnType<typeof tracesConfigMap>,
    report: TestReport,
    signal: AbortSignal,
  ): Promise<ConfigMap | undefined> {
    try {
      return await this.#client.create(CONFIG_MAPS, configMap, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return this.#client.get(CONFIG_MAPS, objectName(report), { signal });
    }
  }
}

/** The artifact server, on a volume or in a bucket. The sweep removes artifacts of deleted reports. */
export class ServerStore implements ArtifactStore {
  readonly budget = ARCHIVE_BUDGETS.server;
  readonly #server: ArtifactClient;
  readonly #service: string;

  /** @param service `<namespace>/<name>:<port>`, for the API server's proxy, which `e2e report` uses */
  constructor(server: ArtifactClient, service: string) {
    this.#server = server;
    this.#service = service;
  }

  /** Empty when the artifact server does not answer: `put` then fails as well, and reports it. */
  async before(report: TestReport, signal: AbortSignal): Promise<Artifact[]> {
    try {
      const found = await this.#server.list(ownerOf(report), signal);
      return found.map(({ place, bytes }) => this.#listed(place.key, bytes));
    } catch (error) {
      if (error instanceof ArtifactServerError) return [];
      throw error;
    }
  }

  async put(
    report: TestReport,
    traces: readonly Trace[],
    before: readonly Artifact[],
    signal: AbortSignal,
  ): Promise<StoredArtifacts> {
    const artifacts = [...before];
    const failed: { name: string; error: ArtifactServerError }[] = [];
    for (const trace of traces) {
      if (before.some(({ name }) => name === trace.name)) continue;
      const { file, bytes } = fileOf(trace);
      try {
        const key = await this.#server.put(
          ownerOf(report),
          { file, bytes, omittedBytes: trace.omittedBytes },
          signal,
        );
        artifacts.push(this.#listed(key, bytes.length));
      } catch (error) {
        if (!(error instanceof ArtifactServerError)) throw error;
        failed.push({ name: trace.name, error });
      }
    }
    const kept = { artifacts: artifacts.sort(byImportance), where: `the artifact server ${this.#service}` };
    const [first] = failed;
    if (!first) return kept;
    const sentence = `${failed.map(({ name }) => name).join(', ')} not kept: ${first.error.message}`;
    const reason = failed.some(({ error }) => error.full) ? 'StoreFull' : 'NotStored';
    return {
      ...kept,
      trouble: { reason, sentence, mayPass: failed.some(({ error }) => error.mayPass) },
    };
  }

  #listed(key: string, bytes: number): Artifact {
    const parts = partsOf(key);
    return {
      name: nameOfFile(parts?.file ?? key),
      service: this.#service,
      key,
      bytes,
      sha256: parts?.sha256 ?? '',
      ...(parts && parts.omittedBytes > 0 ? { omittedBytes: parts.omittedBytes } : {}),
    };
  }
}

function ownerOf({ metadata: { name, namespace = '', uid = '' } }: TestReport): ArtifactOwner {
  return { namespace, report: name, uid };
}
