import { gzipSync } from 'node:zlib';
import { historyOwner } from '@backendai-e2e/api/artifact-key';
import { LABELS } from '@backendai-e2e/api/group';
import { LIMITS } from '@backendai-e2e/api/limits';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import { environmentsOf, isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import type { Result } from '@backendai-e2e/controller/controller';
import type { Informer } from '@backendai-e2e/controller/informer';
import type { Log } from '@backendai-e2e/controller/log';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { keyOf, type ObjectName } from '@backendai-e2e/kube/object';
import { historyFileName } from '@backendai-e2e/results/history/file-name';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { reportInBudget } from '../attempts/report-budget.ts';
import { type ArtifactClient, ArtifactServerError } from './server-client.ts';

/** What the history of a run is read from and stored with. */
export interface RunHistoryDependencies {
  client: Pick<KubeClient, 'get' | 'list'>;
  artifacts: Pick<ArtifactClient, 'list' | 'put'>;
  runs: Pick<Informer<TestRun>, 'get'>;
  log: Log;
}

/** Milliseconds until the next try when the artifact server does not answer. */
const AGAIN_MS = 60_000;

/**
 * Keeps one record of each finished run on the artifact server. It outlives the TestRun and its reports, and is never written
 * twice: another operator finds it.
 */
export class RunHistory {
  readonly #with: RunHistoryDependencies;
  /** UIDs of the runs that have their record, by the key of their name. Deleted runs are forgotten. */
  readonly #kept = new Map<string, string>();

  constructor(dependencies: RunHistoryDependencies) {
    this.#with = dependencies;
  }

  readonly reconcile = async (name: ObjectName, signal: AbortSignal): Promise<Result> => {
    const { artifacts, runs, log } = this.#with;
    const run = runs.get(name);
    const { uid = '', namespace = '' } = run?.metadata ?? {};
    const key = keyOf(name);
    if (!run) this.#kept.delete(key);
    if (!run || !isFinished(run) || this.#kept.get(key) === uid) return {};
    const owner = historyOwner(namespace, uid);
    try {
      if ((await artifacts.list(owner, signal)).length === 0) {
        const record = await this.#record(name, signal);
        if (record) await artifacts.put(owner, fileOf(record, uid), signal);
      }
      this.#kept.set(key, uid);
      return {};
    } catch (error) {
      if (!(error instanceof ArtifactServerError)) throw error;
      log.warn({ run: name.name, why: error.message }, 'cannot keep the record of the run');
      return error.mayPass ? { requeueAfterMs: AGAIN_MS } : {};
    }
  };

  /** Asks the API server: caches hold parts of runs and reports only. Undefined for a run that is gone or never began. */
  async #record(name: ObjectName, signal: AbortSignal): Promise<HistoryRecord | undefined> {
    const { client } = this.#with;
    const run = await client.get(TEST_RUNS, name, { signal });
    if (!run?.status?.startedAt) return undefined;
    const { namespace = '' } = run.metadata;
    const labelSelector = `${LABELS.run}=${run.metadata.name}`;
    const { items: reports } = await client.list(
      TEST_REPORTS,
      { namespace, labelSelector },
      { signal, pageSize: LIMITS.reportsPerPage, keep: reportInBudget },
    );
    const environments = await Promise.all(
      environmentsOf(run).map((each) => client.get(TEST_ENVIRONMENTS, { namespace, name: each }, { signal })),
    );
    // Loaded on first use: an idle operator does not need it.
    const { historyRecord } = await import('@backendai-e2e/results/history/derive');
    const record = historyRecord({
      run,
      reports: reports.filter(({ metadata }) => isOf(run, metadata.ownerReferences)),
      tested: {
        environments: environments.flatMap((each) =>
          each ? [{ name: each.metadata.name, ...(each.status ? { status: each.status } : {}) }] : [],
        ),
        images: [],
        command: { version: '' },
      },
    });
    // No command tested it.
    return { ...record, testing: [] };
  }
}

/** The record as a file of the history. */
function fileOf(record: HistoryRecord, uid: string): { file: string; bytes: Buffer; omittedBytes: number } {
  return {
    // Keys are in lower case.
    file: historyFileName({ startedAt: record.startedAt, uid }).toLowerCase(),
    bytes: gzipSync(`${JSON.stringify(record)}\n`, { level: 9 }),
    omittedBytes: 0,
  };
}

/** Whether a report belongs to this run, and not to an earlier one of its name. */
function isOf({ metadata }: TestRun, owners: readonly { uid: string }[] | undefined): boolean {
  return owners?.some(({ uid }) => uid === metadata.uid) ?? false;
}
