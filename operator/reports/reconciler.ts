import { conditionOf, withCondition } from '@backendai-e2e/api/conditions';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { REPORT_CONDITIONS, type TestReport, type TestReportStatus } from '@backendai-e2e/api/test-report';
import { environmentOf, isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import type { Result } from '@backendai-e2e/controller/controller';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import type { Informer } from '@backendai-e2e/controller/informer';
import { applyStatusPart } from '@backendai-e2e/controller/status-writer';
import { isConflict } from '@backendai-e2e/kube/api-error';
import { JOBS, type Job, type Pod } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { keyOf, type ObjectName, objectName } from '@backendai-e2e/kube/object';
import type { ArtifactCollector } from '../artifacts/collector.ts';
import { noteFirstCause } from '../artifacts/run-cause.ts';
import { JOB_NAME_LABEL } from '../attempts/attempt-name.ts';
import { NotYetFreeError } from '../attempts/start-attempt.ts';
import { secretsOf } from '../environments/environment-secrets.ts';
import {
  type AttemptEnding,
  type AttemptProgress,
  attemptProgress,
  closedByOperator,
  closing,
  goesOnAfterSuite,
  keptConditions,
  NO_POD,
  outlivesItsReport,
} from './close.ts';
import { jobOf, podsNow, podsOf, runOf } from './own-objects.ts';
import { isFinalRefusal, podRefusal } from './pod-refusal.ts';
import { isLineOf } from './suite-lines.ts';
import { neverBegan, newest, suiteEnded } from './suite-pod.ts';
import { type ChangeUndoer, leftChanges } from './undo.ts';

/** What the reconciler of TestReports reads and acts with. */
export interface TestReportDependencies {
  client: Pick<KubeClient, 'get' | 'list' | 'delete' | 'applyStatus'>;
  reports: Pick<Informer<TestReport>, 'get' | 'forget'>;
  runs: Pick<Informer<TestRun>, 'get'>;
  environments: Pick<Informer<TestEnvironment>, 'get'>;
  jobs: Pick<Informer<Job>, 'get'>;
  pods: Pick<Informer<Pod>, 'list' | 'forget'>;
  collector: Pick<ArtifactCollector, 'archive'>;
  undoer: Pick<ChangeUndoer, 'settle'>;
  events: Pick<EventLog, 'record'>;
  clock: Clock;
}

/** Whether the attempt's pod could start; written only when something prevents it. */
const STARTED = REPORT_CONDITIONS.started;
/** Why an attempt ends that began before its run knew of it, when the run ends without it. */
const RUN_ENDED: AttemptEnding = { reason: 'RunEnded', message: 'its run ended without this attempt' };
const SOON_MS = 250;
/** A change of the Job that undoes an attempt's changes comes earlier. */
const UNDO_AGAIN_MS = 5_000;
/** How long an operator asks a kubelet or a store that does not answer for an attempt, and how often. */
const LOG_PATIENCE_MS = 15 * 60_000;
const LOG_AGAIN_MS = 10_000;
/** Events live for an hour by default. An attempt that ended without a pod longer ago has nothing to archive. */
const EVENTS_MS = 10 * 60_000;

/**
 * Closes reports whose attempt ended without a final report, and records what prevents a start. Deletes Jobs of attempts that
 * the operator interrupted, and archives the artifacts of attempts.
 */
export class TestReportReconciler {
  readonly #with: TestReportDependencies;
  /** When this operator first tried to archive a report, by namespace and name. The clock of a pod may differ by hours. */
  readonly #triedSince = new Map<string, number>();

  constructor(dependencies: TestReportDependencies) {
    this.#with = dependencies;
  }

  readonly reconcile = async (name: ObjectName, signal: AbortSignal): Promise<Result | undefined> => {
    const { client, reports, jobs, pods, clock } = this.#with;
    const report = reports.get(name);
    if (!report || report.metadata.deletionTimestamp) {
      this.#triedSince.delete(keyOf(name));
      return undefined;
    }
    const named = pods
      .list(name.namespace)
      .filter((pod) => pod.metadata.labels?.[JOB_NAME_LABEL] === name.name);
    const known = jobOf(report, jobs.get(name));
    const run = runOf(report, this.#with.runs);
    const isFinal = report.status?.final === true;
    if (isFinal || (run && isFinished(run))) {
      try {
        if (isFinal) return await this.#settle(report, known, podsOf(known, named), signal);
        const stored = await this.#stored(report, signal);
        if (stored) await this.#close(stored, RUN_ENDED, signal);
        return undefined;
      } catch (error) {
        if (isConflict(error) || error instanceof NotYetFreeError) return { requeueAfterMs: SOON_MS };
        throw error;
      }
    }
    // Decided first: a Job that is created while the API server answers must not look vanished.
    const started = this.#wasStarted(report);
    const job = known ?? jobOf(report, await client.get(JOBS, name, { signal }));
    if (!job && !started) return undefined;
    const { progress, pods: seen } = await this.#look(job, podsOf(job, named), name, signal);
    try {
      if (progress.ended) {
        // The cache may lack what the pod noted just before its end.
        const stored = await this.#stored(report, signal);
        if (!stored) return undefined;
        // Until then the attempt goes on: its claims keep other suites away.
        if (seen.every(suiteEnded) && !(await this.#undone(stored, seen, signal)))
          return { requeueAfterMs: UNDO_AGAIN_MS };
        await this.#close(stored, withStartProblem(report, progress.ended), signal);
        return undefined;
      }
      const refused =
        job && progress.hint?.reason === NO_POD ? await podRefusal(client, job, signal) : undefined;
      const othersRun = pods.list(name.namespace).some((pod) => !suiteEnded(pod));
      if (refused && job && isFinalRefusal(refused, job, othersRun, clock.now())) {
        const stored = await this.#stored(report, signal);
        if (stored) await this.#close(stored, refused, signal);
        return undefined;
      }
      await this.#hint(report, refused ?? progress.hint, signal);
    } catch (error) {
      if (isConflict(error)) return { requeueAfterMs: SOON_MS };
      throw error;
    }
    return { requeueAfterMs: progress.lookAgainMs };
  };

  /**
   * How far the attempt is, and its pods. A cache of pods that is behind would end one that goes on, or miss why it ended. So the
   * API server is asked, unless all pods in the cache have run and ended.
   */
  async #look(
    job: Job | undefined,
    cached: readonly Pod[],
    name: ObjectName,
    signal: AbortSignal,
  ): Promise<{ progress: AttemptProgress; pods: readonly Pod[] }> {
    const { client, clock } = this.#with;
    const progress = attemptProgress({ job, pods: cached, now: clock.now() });
    const over = cached.length > 0 && cached.every((pod) => suiteEnded(pod) && !neverBegan(pod));
    if (!progress.ended || !job || over) return { progress, pods: cached };
    const pods = await podsNow(client, job, name, signal);
    return { progress: attemptProgress({ job, pods, now: clock.now() }), pods };
  }

  /** The report as the API server has it. Undefined when it is gone, or when a later run has one of its name. */
  async #stored(report: TestReport, signal: AbortSignal): Promise<TestReport | undefined> {
    const stored = await this.#with.client.get(TEST_REPORTS, objectName(report), { signal });
    return stored?.metadata.uid === report.metadata.uid ? stored : undefined;
  }

  /** Whether what the attempt left changed in the deployment is undone, as far as it can be. */
  async #undone(report: TestReport, own: readonly Pod[], signal: AbortSignal): Promise<boolean> {
    if (leftChanges(report).length === 0) return true;
    const run = runOf(report, this.#with.runs);
    if (!run) return true;
    // A pod that ends may still undo it itself.
    return own.every(suiteEnded) && this.#with.undoer.settle(report, run, signal);
  }

  /** Whether the run recorded that the attempt runs: only then a missing Job has vanished. */
  #wasStarted(report: TestReport): boolean {
    const run = runOf(report, this.#with.runs);
    const line = run?.status?.suites?.find((candidate) => isLineOf(candidate, report));
    if (report.status?.startedAt !== undefined) return true;
    return line?.state === 'Running' && line.attempt >= report.spec.attempt;
  }

  /** Closes the stored report, unless its reporter closed it first. Writes only if it has not changed meanwhile. */
  async #close(stored: TestReport, seen: AttemptEnding, signal: AbortSignal): Promise<void> {
    const { events, clock } = this.#with;
    if (stored.status?.final === true) return;
    const ending = await this.#masked(stored, seen, signal);
    const status = { ...closing(ending, clock.now()), ...keptConditions(stored) };
    await this.#apply(stored, status, signal);
    events.record(stored, { type: 'Warning', reason: ending.reason, message: ending.message });
  }

  /** The rest for a final report. Archives once the pod has ended, or before its Job is deleted. */
  async #settle(
    report: TestReport,
    job: Job | undefined,
    cached: readonly Pod[],
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { collector, client, clock, environments } = this.#with;
    const name = objectName(report);
    const run = runOf(report, this.#with.runs);
    // The garbage collector deletes everything with the run.
    if (!run) return undefined;
    const archived = isArchived(report);
    const isDone = archived && leftChanges(report).length === 0;
    // A late cache may not know the pod yet. Its log would be lost, or its changes undone while it works.
    const own = isDone || cached.length > 0 ? cached : await podsNow(client, job, name, signal);
    const livesOn = await this.#livesOn(report, job, own, signal);
    const since = clock.now().getTime() - Date.parse(report.status?.finishedAt ?? '');
    const left = own.length > 0 ? own.every(suiteEnded) : since < EVENTS_MS;
    const stored = !archived && (left || livesOn) ? await this.#unarchived(report, signal) : undefined;
    if (stored) {
      const at = { namespace: name.namespace ?? '', name: environmentOf(run, report.spec) };
      const now = clock.monotonicMs();
      const first = this.#triedSince.get(keyOf(name)) ?? now;
      this.#triedSince.set(keyOf(name), first);
      const patient = !livesOn && now - first < LOG_PATIENCE_MS;
      const attempt = { report: stored, pod: newest(own), environment: environments.get(at), patient };
      if (!(await collector.archive(attempt, signal))) return { requeueAfterMs: LOG_AGAIN_MS };
      this.#triedSince.delete(keyOf(name));
    }
    if (livesOn) await client.delete(JOBS, name, { uid: job?.metadata.uid, signal });
    else if (!(await this.#undone(report, own, signal))) return { requeueAfterMs: UNDO_AGAIN_MS };
    else if (archived) {
      // The run may have ended while the note of its last cause was on its way.
      if (isFinished(run)) await noteFirstCause(client, report, signal);
      this.#forget(report, run, own);
    }
    // The end of a pod that the cache does not know may bring no event.
    return cached.length === own.length ? undefined : { requeueAfterMs: LOG_AGAIN_MS };
  }

  /**
   * The stored report, if it is not archived. The cache may be older than the condition, and a second archive restores what was
   * deleted.
   */
  async #unarchived(report: TestReport, signal: AbortSignal): Promise<TestReport | undefined> {
    const stored = await this.#stored(report, signal);
    return stored && !isArchived(stored) ? stored : undefined;
  }

  /** Drops the report and pods from the cache: nothing is left to do, and there may be thousands. */
  #forget(report: TestReport, run: TestRun, own: readonly Pod[]): void {
    for (const pod of own) this.#with.pods.forget(objectName(pod));
    if (isFinished(run)) this.#with.reports.forget(objectName(report));
  }

  /** Whether the Job must be deleted. Asks the API server who closed the report: the cache has no managedFields. */
  async #livesOn(
    report: TestReport,
    job: Job | undefined,
    pods: readonly Pod[],
    signal: AbortSignal,
  ): Promise<boolean> {
    if (goesOnAfterSuite(report, { job, pods })) return true;
    if (!outlivesItsReport(report, { job, pods })) return false;
    const stored = await this.#stored(report, signal);
    return stored !== undefined && closedByOperator(stored);
  }

  /** Records in the report why its pod does not start, and that it started in the end. */
  async #hint(report: TestReport, reason: AttemptEnding | undefined, signal: AbortSignal): Promise<void> {
    const before = conditionOf(report.status?.conditions, STARTED);
    const known = reason
      ? before?.reason === reason.reason || reason.reason === NO_POD
      : before?.status !== 'False';
    if (known) return;
    const hint = reason && (await this.#masked(report, reason, signal));
    const { generation } = report.metadata;
    const seen = {
      ...(hint
        ? ({ type: STARTED, status: 'False', reason: hint.reason, message: hint.message } as const)
        : ({ type: STARTED, status: 'True', reason: 'PodStarted', message: 'the pod starts' } as const)),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const conditions = withCondition(report.status?.conditions ?? [], seen, this.#with.clock.now());
    await this.#apply(report, { conditions }, signal);
    if (hint) this.#with.events.record(report, { type: 'Warning', ...hint });
  }

  /** Masks the secrets of the environment's connection: a crashing pod may print anything. */
  async #masked(report: TestReport, ending: AttemptEnding, signal: AbortSignal): Promise<AttemptEnding> {
    const { client, runs, environments } = this.#with;
    const namespace = report.metadata.namespace ?? '';
    const run = runs.get({ namespace, name: report.spec.run });
    const seen = run && environments.get({ namespace, name: environmentOf(run, report.spec) });
    const secrets = await secretsOf(client, seen, signal);
    return { ...ending, message: secrets.mask(ending.message) };
  }

  async #apply(report: TestReport, status: TestReportStatus, signal: AbortSignal): Promise<void> {
    const options = { fieldManager: FIELD_MANAGERS.operator, onlyIfUnchanged: true, signal };
    await applyStatusPart(this.#with.client, TEST_REPORTS, report, status, options);
  }
}

function isArchived({ status }: TestReport): boolean {
  return conditionOf(status?.conditions, REPORT_CONDITIONS.archived) !== undefined;
}

/** Adds what prevented the start: once the Job's deadline has passed, its pod is gone. */
function withStartProblem(report: TestReport, ending: AttemptEnding): AttemptEnding {
  const started = conditionOf(report.status?.conditions, STARTED);
  if (started?.status !== 'False' || report.status?.startedAt !== undefined) return ending;
  return { ...ending, message: `${ending.message}; it never started: ${started.reason}: ${started.message}` };
}
