import { type Condition, conditionOf, type Observation, withCondition } from '@backendai-e2e/api/conditions';
import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import {
  environmentsOf,
  RUN_CONDITIONS,
  RUN_REASONS,
  type RunEnvironment,
  type RunSuite,
  SUITE_REASONS,
  type TestRun,
  type TestRunStatus,
} from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { firstBadLine, letsRunSucceed, VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import type { AttemptStart } from '../attempts/start-attempt.ts';
import type { AttemptEnding } from '../reports/close.ts';
import { endedLine, fitRunBudget, runVerdict, suiteCounts, sumCounts } from '../reports/fold.ts';
import { foldLines, isLineOf } from '../reports/suite-lines.ts';
import { firstCauseOf, firstFailureOf } from './first-failure.ts';
import { type Place, waitInWords } from './queue.ts';
import { testedBuilds } from './tested-builds.ts';

/** The inputs of a decision about one run. */
export interface RunWorld {
  now: Date;
  run: TestRun;
  environment: TestEnvironment | undefined;
  /** The existing environments of spec.moreEnvironmentRefs. */
  moreEnvironments?: readonly TestEnvironment[];
  /** TestSuites of the run's namespace. */
  suites: readonly TestSuite[];
  /** Reports that belong to this run. */
  reports: readonly TestReport[];
  /** Other runs without a verdict, and the run that this one reruns. */
  others: readonly TestRun[];
  /** Started runs that a user may have at once; undefined: any number. */
  runsPerUser?: number | undefined;
}

/** An attempt to start, and the line of the run as it was before. */
export interface PlannedStart extends AttemptStart {
  before: RunSuite;
}

/** What to do for a run, in this order, and the status to write afterwards. */
export interface RunPlan {
  /** Reports to close as Interrupted; their Jobs are deleted. */
  stop: { report: TestReport; ending: AttemptEnding }[];
  start: PlannedStart[];
  /** The whole status except observedGeneration. */
  status: TestRunStatus;
  /** The finished run's time to live is over: delete it. */
  remove: boolean;
  requeueAfterMs: number | undefined;
}

/** Maximum number of suites named in a message; the rest is counted. */
const NAMED = 20;

/** Builds a plan: starts from the current status, collects changes, and ends with one of its closing methods. */
export class PlanBuilder {
  readonly #world: RunWorld;
  #conditions: Condition[];
  lines: RunSuite[];
  /** The state of each of several environments. */
  environments: RunEnvironment[];
  startedAt: string | undefined;
  turn: number | undefined;
  /** Seconds since the start that do not count, because the run was suspended. */
  #suspendedSeconds: number;

  constructor(world: RunWorld) {
    this.#world = world;
    this.#conditions = [...(world.run.status?.conditions ?? [])];
    this.lines = world.run.status?.suites ?? [];
    this.environments = world.run.status?.environments ?? [];
    this.startedAt = world.run.status?.startedAt;
    this.turn = world.run.status?.turn;
    this.#suspendedSeconds = world.run.status?.suspendedSeconds ?? 0;
  }

  /** Sets a condition; returns the time of its last transition (RFC 3339). */
  observe(type: string, status: Observation['status'], reason: string, message: string): string {
    const { generation } = this.#world.run.metadata;
    const seen: Observation = {
      type,
      status,
      reason,
      message,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    this.#conditions = withCondition(this.#conditions, seen, this.#world.now);
    const now = this.#world.now.toISOString();
    return this.#conditions.find((condition) => condition.type === type)?.lastTransitionTime ?? now;
  }

  /**
   * Records whether spec.suspend holds the run, and returns it. When the run resumes, the time for which it was held since its
   * start does not count.
   */
  observeSuspension(): boolean {
    const type = RUN_CONDITIONS.suspended;
    const held = this.#world.run.spec.suspend === true;
    const before = conditionOf(this.#conditions, type);
    if (held) {
      this.observe(type, 'True', 'Suspended', 'spec.suspend is set: no further attempt starts');
    } else if (before?.status === 'True') {
      if (this.startedAt) {
        const since = Math.max(Date.parse(before.lastTransitionTime), Date.parse(this.startedAt));
        this.#suspendedSeconds += Math.max(0, this.#world.now.getTime() - since) / 1000;
      }
      this.observe(type, 'False', 'Resumed', 'spec.suspend is no longer set');
    }
    return held;
  }

  /** The run's deadline, milliseconds since the epoch. Meaningless while the run is suspended. */
  deadline(): number {
    const start = this.startedAt ? Date.parse(this.startedAt) : this.#world.now.getTime();
    const seconds = this.#world.run.spec.timeoutSeconds ?? RUN_DEFAULTS.timeoutSeconds;
    return start + (seconds + this.#suspendedSeconds) * 1000;
  }

  /** Replaces the line of the same name. */
  replace(line: RunSuite): void {
    this.lines = this.lines.map((old) => (old.name === line.name ? line : old));
  }

  /** Records that attempts start, and where, in a run with several environments. */
  started(starts: readonly AttemptStart[]): PlannedStart[] {
    const several = environmentsOf(this.#world.run).length > 1;
    return starts.map((start) => {
      const { line: name, attempt, name: report, environment } = start;
      const before = this.lines.find((line) => line.name === name) ?? { name, state: 'Waiting', attempt: 0 };
      const { suite } = before;
      const place = { ...(suite ? { suite } : {}), ...(several ? { environment } : {}) };
      this.replace({ name, ...place, state: 'Running', attempt, report });
      return { ...start, before };
    });
  }

  /** Finishes a line that gets no further attempt. One that ended at least as badly stands. */
  close(name: string, verdict: Verdict, reason: string, message: string): void {
    const line = this.lines.find((candidate) => candidate.name === name);
    if (!line) return;
    const own = this.#world.reports.filter((report) => isLineOf(line, report));
    const ended = endedLine(name, own);
    if (ended?.verdict && VERDICT_POLICY[ended.verdict].rank <= VERDICT_POLICY[verdict].rank) {
      const why = `${ended.message ?? ended.verdict}; not repeated: ${message}`;
      this.replace({ ...line, ...ended, attempt: line.attempt, message: why.slice(0, LENGTHS.message) });
      return;
    }
    this.replace({ ...line, state: 'Finished', verdict, reason, message: message.slice(0, LENGTHS.message) });
  }

  /** With failFast: the first line that keeps the run from succeeding. */
  firstFailure(): RunSuite | undefined {
    if (!this.#world.run.spec.failFast) return undefined;
    return firstBadLine(this.lines, this.#world.run.spec);
  }

  /** The run waits for others, and is looked at again after `requeueAfterMs`. */
  queued(place: Place, requeueAfterMs: number | undefined): RunPlan {
    const { reason, message } = waitInWords(this.#world.run, place);
    const where = `queued for ${environmentsOf(this.#world.run).join(', ')}`;
    this.observe(RUN_CONDITIONS.queued, 'True', reason, message);
    this.observe(RUN_CONDITIONS.succeeded, 'Unknown', RUN_REASONS.running, where);
    return { ...this.#plan('Queued'), requeueAfterMs };
  }

  /** The run is suspended: running suites end, and nothing starts until it is resumed. */
  held(): RunPlan {
    const running = this.lines.filter((line) => line.state === 'Running').map((line) => line.name);
    const done = this.lines.filter((line) => line.state === 'Finished').length;
    const still = running.length > 0 ? `; still running: ${running.slice(0, NAMED).join(', ')}` : '';
    const message = `suspended by spec.suspend; ${done} of ${this.lines.length} suites ended${still}`;
    if (this.startedAt) {
      // The environment's time to become healthy restarts when the run is resumed.
      this.observe(RUN_CONDITIONS.environmentReady, 'Unknown', 'Suspended', 'not checked while suspended');
      this.environments = this.environments.filter(({ state }) => state !== 'Unhealthy');
    } else {
      const kept = 'the run keeps its place in the queue and lets others pass';
      this.observe(RUN_CONDITIONS.queued, 'True', 'Suspended', kept);
    }
    this.observe(RUN_CONDITIONS.succeeded, 'Unknown', RUN_REASONS.running, message);
    return this.#plan('Suspended');
  }

  /** The run goes on. `dueMs`: when the wait for the environment ends, milliseconds since the epoch. */
  active(start: PlannedStart[], dueMs: number | undefined): RunPlan {
    const running = this.lines
      .filter((line) => line.state === 'Running')
      .map((line) => (line.environment ? `${line.name} in ${line.environment}` : line.name));
    const done = this.lines.filter((line) => line.state === 'Finished').length;
    const environment = conditionOf(this.#conditions, RUN_CONDITIONS.environmentReady);
    const now =
      running.length > 0
        ? `; running: ${running.slice(0, NAMED).join(', ')}`
        : `; waits for its environment: ${environment?.message ?? 'not checked yet'}`;
    const message = `${done} of ${this.lines.length} suites ended${now}`.slice(0, LENGTHS.summary);
    this.observe(RUN_CONDITIONS.succeeded, 'Unknown', RUN_REASONS.running, message);
    this.observe(RUN_CONDITIONS.resultsCollected, 'False', RUN_REASONS.running, 'suites have not ended yet');
    const next = Math.min(this.deadline(), dueMs ?? Number.POSITIVE_INFINITY);
    return {
      ...this.#plan(running.length > 0 ? 'Running' : 'WaitingForEnvironment'),
      start,
      requeueAfterMs: Math.max(0, next - this.#world.now.getTime()),
    };
  }

  /** The run cannot start: nothing has run, so nothing must be stopped. */
  refuse(reason: string, message: string): RunPlan {
    this.observe(RUN_CONDITIONS.queued, 'False', reason, 'the run will not start');
    return this.#finish(reason, message, { verdict: 'Interrupted', succeeded: false });
  }

  /** Ends the run now: suites without a result become Interrupted. */
  end(ending: AttemptEnding): RunPlan {
    this.lines = foldLines(this.lines, this.#world.reports, () => 0).map(({ line }) => line);
    for (const line of this.lines) {
      if (line.state !== 'Finished') this.close(line.name, 'Interrupted', ending.reason, ending.message);
    }
    this.observe(RUN_CONDITIONS.queued, 'False', ending.reason, ending.message);
    const plan = this.#finish(ending.reason, ending.message, { verdict: 'Interrupted', succeeded: false });
    const open = this.#world.reports.filter((report) => report.status?.final !== true);
    return { ...plan, stop: open.map((report) => ({ report, ending })) };
  }

  /** Every line has finished. */
  finish(): RunPlan {
    const { spec } = this.#world.run;
    const outcome = runVerdict(this.lines, spec);
    const givenUp = this.environments.filter(({ state }) => state === 'GivenUp');
    if (outcome.succeeded && givenUp.length > 0) {
      // Its suites passed elsewhere, but the failure of a deployment is still a finding.
      const message = givenUp.map((each) => `${each.name}: ${each.message ?? ''}`).join('; ');
      return this.#finish(RUN_REASONS.environmentNotReady, message, { verdict: 'Failed', succeeded: false });
    }
    if (outcome.succeeded) {
      const skipped = this.lines.filter((line) => line.verdict === 'Skipped').length;
      const passed = this.lines.length - skipped;
      const known = this.lines.filter((line) => line.verdict === 'KnownIssue').length;
      const message = [
        `${passed} ${passed === 1 ? 'suite' : 'suites'} passed`,
        ...(known > 0 ? [`${known} of them with known issues`] : []),
        ...(skipped > 0 ? [`${skipped} skipped`] : []),
      ].join(', ');
      return this.#finish(RUN_REASONS.allPassed, message, outcome);
    }
    const bad = this.lines.filter((line) => !letsRunSucceed(line, spec));
    if (bad.length > 0 && bad.every((line) => line.reason === SUITE_REASONS.environmentNotReady)) {
      return this.#finish(RUN_REASONS.environmentNotReady, bad[0]?.message ?? '', outcome);
    }
    const said = bad.map((line) => `${line.name}: ${line.verdict}${line.reason ? ` (${line.reason})` : ''}`);
    const more = said.length > NAMED ? `; and ${said.length - NAMED} more` : '';
    const message =
      said.length > 0 ? `${said.slice(0, NAMED).join('; ')}${more}` : 'nothing ran: every suite was skipped';
    return this.#finish(RUN_REASONS.suitesFailed, message, outcome);
  }

  #finish(reason: string, message: string, outcome: { verdict: Verdict; succeeded: boolean }): RunPlan {
    const { resultsCollected, succeeded, finished } = RUN_CONDITIONS;
    this.observe(resultsCollected, 'True', 'AllReportsFinal', 'every attempt has its final report');
    this.observe(succeeded, outcome.succeeded ? 'True' : 'False', reason, message.slice(0, LENGTHS.summary));
    this.observe(finished, 'True', 'VerdictReached', `the run has its verdict: ${outcome.verdict}`);
    const plan = this.#plan(outcome.succeeded ? 'Succeeded' : 'Failed');
    const finishedAt = this.#world.now.toISOString();
    return { ...plan, status: { ...plan.status, verdict: outcome.verdict, finishedAt } };
  }

  #plan(phase: string): RunPlan {
    const { spec } = this.#world.run;
    return {
      stop: [],
      start: [],
      remove: false,
      requeueAfterMs: undefined,
      status: fitRunBudget({
        phase,
        ...(this.turn === undefined ? {} : { turn: this.turn }),
        ...(this.startedAt ? { startedAt: this.startedAt } : {}),
        ...(this.#suspendedSeconds > 0 ? { suspendedSeconds: this.#suspendedSeconds } : {}),
        counts: sumCounts(this.lines),
        suiteCounts: suiteCounts(this.lines, spec),
        ...testedBuilds(this.#world.run.status?.backendAi, this.#world.reports),
        ...firstFailureOf(this.lines, spec),
        ...firstCauseOf(this.lines, this.#world),
        suites: this.lines,
        ...(this.environments.length > 0 ? { environments: this.environments } : {}),
        conditions: this.#conditions,
      }),
    };
  }
}
