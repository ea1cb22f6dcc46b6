import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { type RunSuite, SUITE_REASONS, type TestRun, type TestRunStatus } from '@backendai-e2e/api/test-run';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { applyStatusPart } from '@backendai-e2e/controller/status-writer';
import { isConflict, isRefused } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import pMap from 'p-map';
import type { SuitePods } from '../attempts/attempt-job.ts';
import {
  ChosenElsewhereError,
  NameTakenError,
  NotYetFreeError,
  startAttempt,
} from '../attempts/start-attempt.ts';
import { type AttemptEnding, closing, keptConditions } from '../reports/close.ts';
import type { PlannedStart, RunPlan, RunWorld } from './plan-builder.ts';

/** Attempts created at once: the first pods start while the API server still checks the rights of the last. */
const STARTS_AT_A_TIME = 4;
/** Attempts of a run that start before other runs have their turn. The rest start in the next turn. */
export const STARTS_IN_A_TURN = 8;

/** What became of the attempts of a plan. */
interface Started {
  /** Of the run: lines whose attempt cannot start have ended, others that did not start keep waiting. */
  status: TestRunStatus;
  /** The first error that a retry may cure; undefined: there is none. */
  failure: unknown;
  /** Whether attempts are left for the next turn. */
  isMore: boolean;
}

/** A report to close as Interrupted. */
interface Stop {
  report: TestReport;
  ending: AttemptEnding;
  now: Date;
}

/** What attempts are started with. */
export interface AttemptStarterDependencies {
  client: KubeClient;
  clock: Clock;
  /** What the operator's settings add to the pods of suites. */
  pods?: SuitePods | undefined;
}

/** Starts the attempts that a plan chose. One that fails keeps no other from its start, nor the status from being written. */
export class AttemptStarter {
  readonly #with: AttemptStarterDependencies;

  constructor(dependencies: AttemptStarterDependencies) {
    this.#with = dependencies;
  }

  async start(
    run: TestRun,
    { environment, moreEnvironments = [] }: Pick<RunWorld, 'environment' | 'moreEnvironments'>,
    { start, status }: Pick<RunPlan, 'start' | 'status'>,
    signal: AbortSignal,
  ): Promise<Started> {
    const { client, pods } = this.#with;
    const places = new Map([environment, ...moreEnvironments].map((each) => [each?.metadata.name, each]));
    const lines = new Map<string, RunSuite>();
    const failures: unknown[] = [];
    const startOne = async (planned: PlannedStart) => {
      try {
        const place = places.get(planned.environment);
        await startAttempt(client, run, planned, { place, pods }, signal);
      } catch (error) {
        try {
          lines.set(planned.line, await this.#failed(run, planned, error, signal));
        } catch (passing) {
          failures.push(passing);
          lines.set(planned.line, waiting(planned.before, passing));
        }
      }
    };
    await pMap(start.slice(0, STARTS_IN_A_TURN), startOne, { concurrency: STARTS_AT_A_TIME });
    const rest = start.slice(STARTS_IN_A_TURN);
    for (const { line, before } of rest) lines.set(line, before);
    const isMore = rest.length > 0;
    if (lines.size === 0) return { status, failure: undefined, isMore };
    const suites = status.suites?.map((line) => lines.get(line.name) ?? line);
    return { status: { ...status, ...(suites ? { suites } : {}) }, failure: failures[0], isMore };
  }

  /** The line of an attempt that can never start. Rejects with the error if it may start later. */
  async #failed(run: TestRun, start: PlannedStart, error: unknown, signal: AbortSignal): Promise<RunSuite> {
    if (error instanceof NameTakenError) {
      return over(start, 'Failed', { reason: SUITE_REASONS.nameTaken, message: error.message });
    }
    if (!isRefused(error)) throw error;
    const { client, clock } = this.#with;
    const message = `the API server refuses an object of the attempt: ${error.message}`;
    const ending = { reason: SUITE_REASONS.attemptRefused, message };
    const at = { namespace: run.metadata.namespace ?? '', name: start.name };
    const report = await client.get(TEST_REPORTS, at, { signal });
    const isOwn = report?.metadata.ownerReferences?.some(({ uid }) => uid === run.metadata.uid) === true;
    // Otherwise its report would wait for a Job that never comes.
    if (isOwn) await closeReport(client, { report, ending, now: clock.now() }, signal);
    return over(start, 'Interrupted', ending, isOwn ? start.name : undefined);
  }
}

function over(
  { before, attempt }: PlannedStart,
  verdict: Verdict,
  { reason, message }: AttemptEnding,
  report?: string,
): RunSuite {
  const { report: _former, ...line } = before;
  const cut = message.slice(0, LENGTHS.message);
  return {
    ...line,
    state: 'Finished',
    attempt,
    ...(report ? { report } : {}),
    verdict,
    reason,
    message: cut,
  };
}

function waiting(before: RunSuite, error: unknown): RunSuite {
  const passes = error instanceof NotYetFreeError || error instanceof ChosenElsewhereError;
  if (passes || isConflict(error)) return before;
  const why = error instanceof Error ? error.message : String(error);
  return { ...before, message: `its attempt cannot start yet: ${why}`.slice(0, LENGTHS.message) };
}

/**
 * Closes the report of an attempt that is interrupted, unless its reporter closed it first. The report's reconciler deletes
 * the Job, which has outlived its report.
 */
export async function closeReport(
  client: Pick<KubeClient, 'get' | 'applyStatus'>,
  { report, ending, now }: Stop,
  signal: AbortSignal,
): Promise<void> {
  if (report.status?.final === true) return;
  const status = { ...closing(ending, now), ...keptConditions(report) };
  const options = { fieldManager: FIELD_MANAGERS.operator, onlyIfUnchanged: true, signal };
  await applyStatusPart(client, TEST_REPORTS, report, status, options);
}
