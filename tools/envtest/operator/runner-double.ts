import { LABELS } from '@backendai-e2e/api/group';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import type { FakeKubelet } from '../doubles/fake-kubelet.ts';
import type { OperatorHarness } from './harness.ts';

/** Decides how an attempt ends: its final report, and the log of its pod. */
export type AttemptScript = (attempt: string) => { report: TestReportStatus; log: string };

/** Plays the scheduler, the kubelet and the runner for every attempt, until stop(). */
export class RunnerDouble {
  readonly #harness: OperatorHarness;
  readonly #kubelet: FakeKubelet;
  readonly #script: AttemptScript;
  readonly #stopped = new AbortController();
  #ended: Promise<void> | undefined;

  constructor(harness: OperatorHarness, kubelet: FakeKubelet, script: AttemptScript) {
    this.#harness = harness;
    this.#kubelet = kubelet;
    this.#script = script;
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** Stops. Rejects with the error of the first attempt that failed. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { client, namespace } = this.#harness;
    const { signal } = this.#stopped;
    const query = { namespace, labelSelector: LABELS.run };
    const { items, resourceVersion } = await client.list(PODS, query);
    for (const pod of items) await this.#attempt(pod);
    for await (const { type, object } of client.watch(PODS, { ...query, resourceVersion }, signal)) {
      if (type === 'ADDED') await this.#attempt(object);
    }
  }

  async #attempt(pod: Pod): Promise<void> {
    const attempt = pod.metadata.labels?.['batch.kubernetes.io/job-name'] ?? '';
    const { report, log } = this.#script(attempt);
    await this.#kubelet.bind(pod);
    this.#kubelet.log(pod, 'suite', log);
    await this.#harness.report(attempt, report);
    await this.#harness.podEnded(pod, report.verdict === 'Passed' ? 0 : 1);
  }
}
