import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestRun, TestRunStatus } from '@backendai-e2e/api/test-run';
import { isFinished } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Result } from '@backendai-e2e/controller/controller';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import type { Informer } from '@backendai-e2e/controller/informer';
import { applyStatusPart } from '@backendai-e2e/controller/status-writer';
import { type Backoff, ItemBackoff } from '@backendai-e2e/kube/backoff';
import { SECRETS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import type { ObjectName } from '@backendai-e2e/kube/object';
import { counted, noticeOf } from './body.ts';
import { type Change, changesOf } from './changes.ts';
import { type Delivery, deliver } from './send.ts';
import { TargetError, targetOf } from './target.ts';

/** What the notifications are made of and sent with. */
export interface NotificationDependencies {
  client: KubeClient;
  runs: Informer<TestRun>;
  suites: Informer<TestSuite>;
  events: EventLog;
  clock: Clock;
  /** Secret with the webhook, in the namespace of the runs. */
  secret: string;
  /** Pauses after failed deliveries. Default: 5 s, doubled up to 10 min. */
  backoff?: Backoff;
}

type Notification = NonNullable<TestRunStatus['notification']>;

/** The longest pause that a receiver may ask for. */
const LONGEST_PAUSE_MS = 6 * 3_600_000;
/** Age after which a run is no longer news. It also excludes runs from before notifications were enabled. */
const NEWS_MS = 86_400_000;
/** Milliseconds until the next look: the history of a suite is written shortly after its run. */
const HISTORY_MS = 250;

/**
 * Notifies a webhook of what each finished run changed. The runs of an environment follow one another in the order of their
 * end. TestRun.status.notification records each delivery, so that a restarted operator neither repeats nor forgets one. After
 * a crash between delivery and record, the operator delivers again with the same id.
 */
export class NotificationReconciler {
  readonly #with: NotificationDependencies;
  readonly #failures: ItemBackoff;
  /** The earliest next delivery of a run that was refused, by uid: monotonic milliseconds. Any change of a run brings a look. */
  readonly #notBefore = new Map<string, number>();

  constructor(dependencies: NotificationDependencies) {
    this.#with = dependencies;
    this.#failures = new ItemBackoff(dependencies.backoff ?? { baseMs: 5_000, capMs: 600_000 });
  }

  /** The name is the name of a TestEnvironment. */
  readonly reconcile = async (name: ObjectName, signal: AbortSignal): Promise<Result | undefined> => {
    for (;;) {
      const cached = this.#next(name);
      if (!cached) return undefined;
      const result = await this.#notify(cached, signal);
      if (result) return result;
      // The cache has not seen the write yet: reconcile later rather than ask the API server in a loop.
      if (this.#next(name)?.metadata.uid === cached.metadata.uid) return { requeueAfterMs: HISTORY_MS };
    }
  };

  /** The oldest recent run of an environment without a notification. */
  #next({ namespace = '', name }: ObjectName): TestRun | undefined {
    const oldest = this.#with.clock.now().getTime() - NEWS_MS;
    return this.#with.runs
      .list(namespace)
      .filter((run) => run.spec.environmentRef.name === name && isFinished(run) && isOpen(run))
      .filter((run) => Date.parse(run.status?.finishedAt ?? '') > oldest || run.status?.notification)
      .sort((a, b) => (a.status?.finishedAt ?? '').localeCompare(b.status?.finishedAt ?? ''))[0];
  }

  /** Undefined when the run is done. */
  async #notify(cached: TestRun, signal: AbortSignal): Promise<Result | undefined> {
    const { client, clock } = this.#with;
    const pauseMs = (this.#notBefore.get(cached.metadata.uid ?? '') ?? 0) - clock.monotonicMs();
    if (pauseMs > 0) return { requeueAfterMs: pauseMs };
    const at = { namespace: cached.metadata.namespace ?? '', name: cached.metadata.name };
    // A stale cache must not repeat a notification.
    const run = await client.get(TEST_RUNS, at, { signal });
    if (!run || run.metadata.uid !== cached.metadata.uid || !isOpen(run)) {
      this.#forget(cached);
      return undefined;
    }
    const suites = await client.list(TEST_SUITES, { namespace: at.namespace }, { signal });
    const changes = changesOf(run, suites.items);
    if (changes === 'unknown') return { requeueAfterMs: HISTORY_MS };
    if (changes.length === 0) {
      await this.#record(run, { state: 'NothingNew' }, signal);
      return undefined;
    }
    const delivery = await this.#deliver(run, changes, signal);
    if (delivery.ok) {
      this.#forget(run);
      await this.#record(run, { state: 'Sent', changes: changes.length }, signal);
      this.#with.events.record(run, {
        type: 'Normal',
        reason: 'Notified',
        message: `sent to the webhook: ${counted(changes)}`,
      });
      return undefined;
    }
    return this.#failed(run, changes, delivery, signal);
  }

  async #deliver(run: TestRun, changes: readonly Change[], signal: AbortSignal): Promise<Delivery> {
    const { client, clock, secret } = this.#with;
    const at = { namespace: run.metadata.namespace ?? '', name: secret };
    try {
      // Read every time: a new URL or key takes effect at once.
      const target = targetOf(await client.get(SECRETS, at, { signal }), secret);
      return await deliver(target, noticeOf(run, changes), clock.now(), signal);
    } catch (error) {
      if (error instanceof TargetError) return { ok: false, why: error.message };
      throw error;
    }
  }

  async #failed(
    run: TestRun,
    changes: readonly Change[],
    delivery: Delivery & { ok: false },
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { clock, events } = this.#with;
    const over = clock.now().getTime() - Date.parse(run.status?.finishedAt ?? '') > NEWS_MS;
    const state = over ? 'Failed' : 'Pending';
    const wanted = { state, changes: changes.length, message: delivery.why } as const;
    const before = run.status?.notification;
    if (before?.state !== state || before.message !== delivery.why) {
      await this.#record(run, wanted, signal);
      events.record(run, { type: 'Warning', reason: `Notification${state}`, message: delivery.why });
    }
    if (over) {
      this.#forget(run);
      return undefined;
    }
    const { uid = '' } = run.metadata;
    const pauseMs = Math.max(
      this.#failures.next(uid),
      Math.min(delivery.retryAfterMs ?? 0, LONGEST_PAUSE_MS),
    );
    this.#notBefore.set(uid, clock.monotonicMs() + pauseMs);
    return { requeueAfterMs: pauseMs };
  }

  #forget({ metadata: { uid = '' } }: TestRun): void {
    this.#failures.forget(uid);
    this.#notBefore.delete(uid);
  }

  async #record(run: TestRun, what: Omit<Notification, 'at'>, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#with;
    const notification = { ...what, at: clock.now().toISOString() };
    const options = { fieldManager: FIELD_MANAGERS.notifier, signal };
    await applyStatusPart(client, TEST_RUNS, run, { notification }, options);
  }
}

function isOpen(run: TestRun): boolean {
  const state = run.status?.notification?.state;
  return state === undefined || state === 'Pending';
}
