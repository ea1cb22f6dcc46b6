import { conditionOf, withCondition } from '../api/conditions.ts';
import { FIELD_MANAGERS } from '../api/group.ts';
import { REPORT_CONDITIONS, type TestReport, type TestReportStatus } from '../api/test-report.ts';
import type { TestRun } from '../api/test-run.ts';
import { attemptProgress, closing, type Ending, keptConditions } from '../reports/close.ts';
import { isConflict, isNotFound } from '../runtime/api-error.ts';
import { JOBS, type Job, type Pod } from '../runtime/builtin-resources.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Result } from '../runtime/controller.ts';
import type { EventRecorder } from '../runtime/events.ts';
import type { Informer } from '../runtime/informer.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { controllerOf, type ObjectName } from '../runtime/kube-object.ts';
import { TEST_REPORTS, TEST_RUNS } from './kinds.ts';

export interface TestReportDependencies {
  client: KubeClient;
  reports: Informer<TestReport>;
  runs: Informer<TestRun>;
  jobs: Informer<Job>;
  pods: Informer<Pod>;
  recorder: EventRecorder;
  clock: Clock;
}

/** Whether the attempt's pod could start; written only when something is in its way. */
const STARTED = REPORT_CONDITIONS.started;
/** Endings that leave a pod which might still come to life. */
const LEFT_ALIVE = /Image|CreateContainer|RunContainer|CrashLoop|NodeLost/;
const SOON_MS = 250;

/** Closes reports whose attempt has ended without saying so, and notes what keeps one from starting. */
export class TestReportReconciler {
  readonly #with: TestReportDependencies;

  constructor(dependencies: TestReportDependencies) {
    this.#with = dependencies;
  }

  readonly reconcile = async (name: ObjectName, signal: AbortSignal): Promise<Result | undefined> => {
    const { client, reports, jobs, pods, clock } = this.#with;
    const report = reports.get(name);
    if (!report || report.status?.final === true || report.metadata.deletionTimestamp) return undefined;
    const job = jobs.get(name) ?? (await client.get(JOBS, name, { signal }));
    if (!job && !this.#wasStarted(report)) return undefined;
    const own = pods
      .list(name.namespace)
      .filter((pod) => pod.metadata.labels?.['batch.kubernetes.io/job-name'] === name.name);
    const progress = attemptProgress({ job, pods: own, now: clock.now() });
    try {
      if (progress.ended) {
        await this.#close(name, remembering(report, progress.ended), signal);
        // Kueue took the pod away and would start another one later.
        if (job?.spec?.suspend) await client.delete(JOBS, name, { signal });
        return undefined;
      }
      await this.#hint(report, progress.hint, signal);
    } catch (error) {
      if (isConflict(error)) return { requeueAfterMs: SOON_MS };
      throw error;
    }
    return { requeueAfterMs: progress.lookAgainMs };
  };

  /** Whether the run said that the attempt runs: only then a missing Job is one that vanished. */
  #wasStarted(report: TestReport): boolean {
    const owner = controllerOf(report, TEST_RUNS);
    const run = owner ? this.#with.runs.get(owner) : undefined;
    const line = run?.status?.suites?.find((candidate) => candidate.name === report.spec.suite);
    if (report.status?.startedAt !== undefined) return true;
    return line?.state === 'Running' && line.attempt >= report.spec.attempt;
  }

  /** Closes the report unless its reporter was first: the stored report is read, and written only as it was read. */
  async #close(name: ObjectName, ending: Ending, signal: AbortSignal): Promise<void> {
    const { client, recorder, clock } = this.#with;
    const stored = await client.get(TEST_REPORTS, name, { signal });
    if (!stored || stored.status?.final === true) return;
    const status = { ...closing(ending, clock.now()), ...keptConditions(stored) };
    await this.#apply(stored, status, signal);
    recorder.record(stored, { type: 'Warning', reason: ending.reason, message: ending.message });
    if (LEFT_ALIVE.test(ending.reason)) await client.delete(JOBS, name, { signal });
  }

  /** Notes in the report why its pod does not start, and that it did in the end. */
  async #hint(report: TestReport, hint: Ending | undefined, signal: AbortSignal): Promise<void> {
    const before = conditionOf(report.status?.conditions, STARTED);
    if (hint ? before?.reason === hint.reason || hint.reason === 'NoPod' : before?.status !== 'False') return;
    const { generation } = report.metadata;
    const seen = {
      ...(hint
        ? ({ type: STARTED, status: 'False', reason: hint.reason, message: hint.message } as const)
        : ({ type: STARTED, status: 'True', reason: 'PodStarted', message: 'the pod starts' } as const)),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const conditions = withCondition(report.status?.conditions ?? [], seen, this.#with.clock.now());
    await this.#apply(report, { conditions }, signal);
    if (hint) this.#with.recorder.record(report, { type: 'Warning', ...hint });
  }

  async #apply(report: TestReport, status: TestReportStatus, signal: AbortSignal): Promise<void> {
    const { name, namespace = '', uid, resourceVersion } = report.metadata;
    const metadata = { name, namespace, uid, resourceVersion };
    try {
      await this.#with.client.applyStatus(
        TEST_REPORTS,
        { metadata, status },
        { fieldManager: FIELD_MANAGERS.operator, force: true, signal },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Adds what had kept the pod from starting: when the Job's deadline passed, the pod that could tell is gone. */
function remembering(report: TestReport, ending: Ending): Ending {
  const started = conditionOf(report.status?.conditions, STARTED);
  if (started?.status !== 'False' || report.status?.startedAt !== undefined) return ending;
  return { ...ending, message: `${ending.message}; it never started: ${started.reason}: ${started.message}` };
}
