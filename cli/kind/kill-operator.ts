import { OPERATOR_NAME, OPERATOR_PODS } from '@backendai-e2e/api/group';
import { environmentsOf, suiteOf } from '@backendai-e2e/api/test-run';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { observe } from '@backendai-e2e/kube/observe';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { JobEvent, LastLog } from '../collect/job-record.ts';
import { environmentsIn, isReady, type Snapshot } from '../runs/follow.ts';
import type { PhaseProgress } from '../terminal/renderer.ts';

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string };
}

/** A pod that starts, and a lease that runs out (15 s), on a busy machine. */
const BACK_MS = 180_000;

/**
 * The suite during which the operator may be killed. Undefined while there is none. Its pod has reported and will report more,
 * and others wait for the operator to start them. Nothing disruptive runs: the operator heals faults, and its own tests cover
 * that.
 */
export function suiteInMidRun(seen: Snapshot, spared: ReadonlySet<string>): string | undefined {
  const lines = seen.run?.status?.suites ?? [];
  const running = lines.filter(({ state }) => state === 'Running');
  if (!lines.some(({ state }) => state === 'Waiting')) return undefined;
  if (running.some((line) => spared.has(suiteOf(line)))) return undefined;
  // Of several environments, the later ones may still be on their way.
  const places = seen.run ? environmentsOf(seen.run).length : 1;
  if (places > 1 && environmentsIn(seen).filter(isReady).length < places) return undefined;
  const reports = new Map(seen.reports.map((report) => [report.metadata.name, report.status]));
  return running.find(({ report }) => {
    const status = reports.get(report ?? '');
    return status?.startedAt !== undefined && status.final !== true;
  })?.name;
}

type KillApi = Pick<RestApi, 'get' | 'text' | 'watch' | 'delete'>;

/** When the operator is killed once during a run. */
export interface KillOptions {
  /** Of the operator. */
  namespace: string;
  /** Names of suites during which the operator is not killed. */
  spared: ReadonlySet<string>;
  progress: PhaseProgress;
  signal: AbortSignal;
  now?: () => Date;
}

/**
 * Deletes the operator's pods by force once, in the middle of a run, and waits until another one leads. The result of the run
 * then shows whether a suite got lost or ran twice.
 */
export class OperatorKill {
  readonly events: JobEvent[] = [];
  readonly logs: LastLog[] = [];
  readonly #client: KillApi;
  readonly #with: KillOptions;
  #work: Promise<void> | undefined;

  constructor(client: KillApi, options: KillOptions) {
    this.#client = client;
    this.#with = options;
  }

  /** Kills the operator in the background if the run has reached a suitable point. */
  look(seen: Snapshot): void {
    if (this.#work) return;
    const suite = suiteInMidRun(seen, this.#with.spared);
    if (suite === undefined) return;
    this.#work = this.#kill(suite).catch((error: unknown) => {
      if (this.#with.signal.aborted) return;
      const what = error instanceof Error ? error.message : String(error);
      this.#note('OperatorNotBack', `the operator was to be killed in the middle of ${suite}: ${what}`);
    });
  }

  /** Waits for the kill, if there was one. Returns a problem for an operator that did not come back. */
  async ended(): Promise<string[]> {
    await this.#work;
    if (!this.#work)
      this.#note('OperatorNotKilled', 'the run never reached a point at which the operator may be killed');
    return this.events.filter(({ reason }) => reason === 'OperatorNotBack').map(({ message }) => message);
  }

  async #kill(suite: string): Promise<void> {
    const { namespace, signal } = this.#with;
    const path = corePath(namespace, 'pods');
    const query = { labelSelector: OPERATOR_PODS };
    const before = await this.#holder();
    const pods = await this.#client.get<{ items: KubeObject[] }>(path, query, signal);
    const names = pods.items.map(({ metadata }) => metadata.name);
    if (names.length === 0) throw new Error('it has no pod');
    for (const name of names) {
      const text = await this.#client.text(`${path}/${name}/log`, { timestamps: true }, signal);
      this.logs.push({ pod: name, text });
      await this.#client.delete(`${path}/${name}`, signal, { gracePeriodSeconds: 0 });
    }
    const start = performance.now();
    this.#note('OperatorKilled', `pod ${names.join(', ')} deleted by force in the middle of ${suite}`);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(BACK_MS)]);
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const one = { fieldSelector: `metadata.name=${OPERATOR_NAME}` };
    try {
      for await (const seen of observe<Lease>(this.#client, lease, one, { signal: limit })) {
        const holder = seen.get(OPERATOR_NAME)?.spec?.holderIdentity;
        if (!holder || holder === before) continue;
        const seconds = Math.round((performance.now() - start) / 100) / 10;
        this.#note('OperatorBack', `${holder.split('_')[0]} leads after ${seconds} s`);
        return;
      }
    } catch (error) {
      if (signal.aborted || !limit.aborted) throw error;
      throw new Error(`no operator became leader within ${BACK_MS / 1000} s after its pod was deleted`, {
        cause: error,
      });
    }
  }

  async #holder(): Promise<string | undefined> {
    const { namespace, signal } = this.#with;
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${OPERATOR_NAME}`;
    return (await this.#client.get<Lease>(path, {}, signal)).spec?.holderIdentity;
  }

  #note(reason: JobEvent['reason'], message: string): void {
    const at = (this.#with.now?.() ?? new Date()).toISOString();
    this.events.push({ at, reason, message });
    this.#with.progress.log(`operator: ${message}`);
  }
}
