import { conditionOf, withCondition } from '@backendai-e2e/api/conditions';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { ownerReference, TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { type DeploymentChange, REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { environmentOf, type TestRun } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import type { Informer } from '@backendai-e2e/controller/informer';
import { applyStatusPart } from '@backendai-e2e/controller/status-writer';
import { isAlreadyExists, isRefused } from '@backendai-e2e/kube/api-error';
import { JOBS, type Job } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { objectName } from '@backendai-e2e/kube/object';
import { type SuitePods, specIn, undoJob } from '../attempts/attempt-job.ts';
import { undoJobName } from '../attempts/attempt-name.ts';
import { hasFinished } from '../attempts/cache-transform.ts';

/** What is needed to undo the changes that an attempt left in a deployment. */
export interface ChangeUndoerDependencies {
  client: Pick<KubeClient, 'get' | 'create' | 'applyStatus'>;
  suites: Pick<Informer<TestSuite>, 'get'>;
  environments: Pick<Informer<TestEnvironment>, 'get'>;
  events: Pick<EventLog, 'record'>;
  clock: Clock;
  pods?: SuitePods | undefined;
}

/** How the undoing ended. */
interface Result {
  status: 'True' | 'False';
  reason: string;
  message: string;
}

/** The changes of an attempt that nothing has undone, and that the operator has not tried to undo. */
export function leftChanges({ status }: TestReport): readonly DeploymentChange[] {
  return conditionOf(status?.conditions, REPORT_CONDITIONS.undone) ? [] : (status?.changes ?? []);
}

/** Undoes what attempts left changed in their deployment, each in one Job, and writes the result into their report. */
export class ChangeUndoer {
  readonly #with: ChangeUndoerDependencies;

  constructor(dependencies: ChangeUndoerDependencies) {
    this.#with = dependencies;
  }

  /** Whether nothing is left to do for an attempt whose pods have ended. Call it again when its Job changes. */
  async settle(report: TestReport, run: TestRun, signal: AbortSignal): Promise<boolean> {
    const changes = leftChanges(report);
    if (changes.length === 0) return true;
    const { client } = this.#with;
    const at = { ...objectName(report), name: undoJobName(report.metadata.name) };
    const job = await client.get(JOBS, at, { signal });
    if (job && !hasFinished(job)) return false;
    // That of an earlier report of the same name undid other changes. The garbage collector deletes it.
    const owner = job?.metadata.ownerReferences?.find(({ controller }) => controller);
    if (owner && owner.uid !== report.metadata.uid) return false;
    const result = job ? resultOf(job, changes) : await this.#start(report, run, changes, signal);
    if (!result) return false;
    await this.#tell(report, result, signal);
    return true;
  }

  /** Creates the Job; why it cannot be. */
  async #start(
    report: TestReport,
    run: TestRun,
    changes: readonly DeploymentChange[],
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { client, suites, environments, pods } = this.#with;
    const { namespace = '', name } = report.metadata;
    const { suite: suiteName, attempt } = report.spec;
    const failed = (reason: string, why: string): Result => ({
      status: 'False',
      reason,
      message: `${why}: undo by hand: ${inWords(changes)}`,
    });
    const suite = suites.get({ namespace, name: suiteName });
    if (!suite) return failed('SuiteGone', `TestSuite ${suiteName} with the image to undo it was deleted`);
    const environment = environmentOf(run, report.spec);
    const place = environments.get({ namespace, name: environment });
    const connectionSecret = place?.status?.connectionSecret;
    const owner = ownerReference({ kind: 'TestReport', metadata: report.metadata });
    const job = undoJob(
      {
        ...{ name, namespace, labels: {}, owner, run: run.metadata.name, environment, suite: suiteName },
        ...{ attempt, since: '', spec: specIn(place?.spec, suite.spec), grep: undefined, rounds: undefined },
        ...{ queueName: undefined, connectionSecret, pods },
      },
      changes,
      { name: undoJobName(name), owner },
    );
    try {
      await client.create(JOBS, job, { signal });
    } catch (error) {
      if (isAlreadyExists(error)) return undefined;
      if (isRefused(error)) return failed('UndoRefused', `the API server refuses the Job: ${error.message}`);
      throw error;
    }
    return undefined;
  }

  /** Writes the condition, under a field manager of its own: the operator's other applies do not remove it. */
  async #tell(report: TestReport, result: Result, signal: AbortSignal): Promise<void> {
    const { client, clock, events } = this.#with;
    const { generation } = report.metadata;
    const seen = {
      type: REPORT_CONDITIONS.undone,
      ...{ ...result, message: result.message.slice(0, LENGTHS.message) },
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const status = { conditions: withCondition([], seen, clock.now()) };
    const options = { fieldManager: FIELD_MANAGERS.undoer, signal };
    await applyStatusPart(client, TEST_REPORTS, report, status, options);
    const type = result.status === 'True' ? 'Normal' : 'Warning';
    events.record(report, { type, reason: seen.reason, message: seen.message });
  }
}

function resultOf(job: Job, changes: readonly DeploymentChange[]): Result {
  const failed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  const what = inWords(changes);
  if (!failed) {
    return {
      status: 'True',
      reason: 'ChangesUndone',
      message: `undone after the attempt had ended: ${what}`,
    };
  }
  const { name, namespace } = job.metadata;
  const log = `kubectl logs job/${name} -n ${namespace}`;
  const message = `Job ${name} could not undo it (${failed.reason}), see ${log}; undo by hand: ${what}`;
  return { status: 'False', reason: 'UndoFailed', message };
}

function inWords(changes: readonly DeploymentChange[]): string {
  return changes.map(({ undo, subject }) => `${undo} ${subject}`).join(', ');
}
