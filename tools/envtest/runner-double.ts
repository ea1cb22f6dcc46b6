import { LABELS } from '@backendai-e2e/api/group';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import type { FakeKubelet } from './fake-kubelet.ts';
import type { Stage } from './test-environment.ts';

/** How an attempt ends, by its name: its report and what its pod printed. */
export type Play = (attempt: string) => { report: TestReportStatus; log: string };

/** Plays node, pod and runner for every attempt of a stage, until it is stopped. */
export class Player {
  readonly #stage: Stage;
  readonly #kubelet: FakeKubelet;
  readonly #play: Play;
  readonly #stopped = new AbortController();
  #ended: Promise<void> | undefined;

  constructor(stage: Stage, kubelet: FakeKubelet, play: Play) {
    this.#stage = stage;
    this.#kubelet = kubelet;
    this.#play = play;
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** Resolves when it plays no more; rejects with what went wrong with an attempt. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { client, namespace } = this.#stage;
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
    const { report, log } = this.#play(attempt);
    await this.#kubelet.bind(pod);
    this.#kubelet.log(pod, 'suite', log);
    await this.#stage.report(attempt, report);
    await this.#stage.podEnded(pod, report.verdict === 'Passed' ? 0 : 1);
  }
}
