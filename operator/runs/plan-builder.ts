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
import { letsRunSucceed } from '@backendai-e2e/api/verdict-policy';
import type { AttemptStart } from '../attempts/start-attempt.ts';
import type { AttemptEnding } from '../reports/close.ts';
import { fitRunBudget, runVerdict, sumCounts } from '../reports/fold.ts';
import { foldLines } from '../reports/suite-lines.ts';

/** All that a decision about one run looks at. */
export interface RunWorld {
  now: Date;
  run: TestRun;
  environment: TestEnvironment | undefined;
  /** Those of spec.moreEnvironmentRefs that exist. */
  moreEnvironments?: readonly TestEnvironment[];
  /** TestSuites of the run's namespace. */
  suites: readonly TestSuite[];
  /** Reports that belong to this run. */
  reports: readonly TestReport[];
  /** Other runs that have no verdict, and the one that this one runs again. */
  others: readonly TestRun[];
}

/** What to do about a run, in this order, and the status to write after it. */
export interface RunPlan {
  /** Reports to close as Interrupted; their Jobs are deleted. */
  stop: { report: TestReport; ending: AttemptEnding }[];
  start: AttemptStart[];
  /** The whole status but observedGeneration. */
  status: TestRunStatus;
  /** The finished run's time to live is over: delete it. */
  remove: boolean;
  requeueAfterMs: number | undefined;
}

/** Suites named in a message before the rest is only counted. */
const NAMED = 20;

/** A plan in the making: starts from the status as it is, gathers what changes, and ends in one of its endings. */
export class PlanBuilder {
  readonly #world: RunWorld;
  #conditions: Condition[];
  lines: RunSuite[];
  /** How each of several environments stands. */
  environments: RunEnvironment[];
  startedAt: string | undefined;
  /** Seconds after the start that do not count, because the run was suspended. */
  #suspendedSeconds: number;

  constructor(world: RunWorld) {
    this.#world = world;
    this.#conditions = [...(world.run.status?.conditions ?? [])];
    this.lines = world.run.status?.suites ?? [];
    this.environments = world.run.status?.environments ?? [];
    this.startedAt = world.run.status?.startedAt;
    this.#suspendedSeconds = world.run.status?.suspendedSeconds ?? 0;
  }

  /** Sets a condition; returns since when it has that status (RFC 3339). */
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
   * Notes whether spec.suspend holds the run, and returns that. When it does no longer, the time since its start that it
   * was held is added to what does not count.
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

  /** When the run's time is over, milliseconds since the epoch. Meaningless while it is suspended. */
  deadline(): number {
    const start = this.startedAt ? Date.parse(this.startedAt) : this.#world.now.getTime();
    const seconds = this.#world.run.spec.timeoutSeconds ?? RUN_DEFAULTS.timeoutSeconds;
    return start + (seconds + this.#suspendedSeconds) * 1000;
  }

  /** Puts a line in the place of the one of the same suite. */
  replace(line: RunSuite): void {
    this.lines = this.lines.map((old) => (old.name === line.name ? line : old));
  }

  /** Notes that an attempt of a line starts, and where it does in a run with several environments. */
  started(name: string, attempt: number, report: string, environment: string): void {
    const suite = this.lines.find((line) => line.name === name)?.suite;
    const several = environmentsOf(this.#world.run).length > 1;
    const place = { ...(suite ? { suite } : {}), ...(several ? { environment } : {}) };
    this.replace({ name, ...place, state: 'Running', attempt, report });
  }

  /** Ends a line without an attempt of its own deciding it. */
  close(name: string, verdict: Verdict, reason: string, message: string): void {
    const line = this.lines.find((candidate) => candidate.name === name);
    if (!line) return;
    this.replace({ ...line, state: 'Finished', verdict, reason, message: message.slice(0, LENGTHS.message) });
  }

  /** With failFast: the first line that keeps the run from succeeding. */
  firstFailure(): RunSuite | undefined {
    const { failFast, retryPolicy } = this.#world.run.spec;
    if (!failFast) return undefined;
    return this.lines.find((line) => line.state === 'Finished' && !letsRunSucceed(line, retryPolicy));
  }

  /** The run waits for those ahead of it; `dueMs`: until when it must have started, milliseconds since the epoch. */
  queued(ahead: readonly TestRun[], dueMs?: number): RunPlan {
    const environment = environmentsOf(this.#world.run).join(', ');
    const names = ahead.slice(0, 5).map((run) => run.metadata.name);
    const more = ahead.length > names.length ? ` and ${ahead.length - names.length} more` : '';
    const message = `waits for ${names.join(', ')}${more}: an environment has one run at a time`;
    this.observe(RUN_CONDITIONS.queued, 'True', 'EnvironmentBusy', message);
    this.observe(RUN_CONDITIONS.succeeded, 'Unknown', RUN_REASONS.running, `queued for ${environment}`);
    const plan = this.#plan('Queued');
    return dueMs === undefined
      ? plan
      : { ...plan, requeueAfterMs: Math.max(0, dueMs - this.#world.now.getTime()) };
  }

  /** The run is suspended: what runs comes to its end, nothing else happens until it is resumed. */
  held(): RunPlan {
    const running = this.lines.filter((line) => line.state === 'Running').map((line) => line.name);
    const done = this.lines.filter((line) => line.state === 'Finished').length;
    const still = running.length > 0 ? `; still running: ${running.slice(0, NAMED).join(', ')}` : '';
    const message = `suspended by spec.suspend; ${done} of ${this.lines.length} suites ended${still}`;
    if (this.startedAt) {
      // The time that an environment may take to become healthy starts anew when the run is resumed.
      this.observe(RUN_CONDITIONS.environmentReady, 'Unknown', 'Suspended', 'not checked while suspended');
      this.environments = this.environments.filter(({ state }) => state !== 'Unhealthy');
    } else {
      this.observe(
        RUN_CONDITIONS.queued,
        'True',
        'Suspended',
        'the run keeps its place in the queue and lets others pass',
      );
    }
    this.observe(RUN_CONDITIONS.succeeded, 'Unknown', RUN_REASONS.running, message);
    return this.#plan('Suspended');
  }

  /** The run goes on. `dueMs`: when waiting for the environment ends, milliseconds since the epoch. */
  active(start: AttemptStart[], dueMs: number | undefined): RunPlan {
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

  /** The run cannot start at all: nothing has run, there is nothing to stop. */
  refuse(reason: string, message: string): RunPlan {
    this.observe(RUN_CONDITIONS.queued, 'False', reason, 'the run will not start');
    return this.#finish(reason, message, { verdict: 'Interrupted', succeeded: false });
  }

  /** Ends the run now: what has no result becomes Interrupted. */
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

  /** Every line has ended. */
  finish(): RunPlan {
    const policy = this.#world.run.spec.retryPolicy;
    const outcome = runVerdict(this.lines, policy);
    const givenUp = this.environments.filter(({ state }) => state === 'GivenUp');
    if (outcome.succeeded && givenUp.length > 0) {
      // Its suites passed elsewhere; that a deployment stopped working is a finding all the same.
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
    const bad = this.lines.filter((line) => !letsRunSucceed(line, policy));
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
    const { resultsCollected, succeeded } = RUN_CONDITIONS;
    this.observe(resultsCollected, 'True', 'AllReportsFinal', 'every attempt has its final report');
    this.observe(succeeded, outcome.succeeded ? 'True' : 'False', reason, message.slice(0, LENGTHS.summary));
    const plan = this.#plan(outcome.succeeded ? 'Succeeded' : 'Failed');
    const finishedAt = this.#world.now.toISOString();
    return { ...plan, status: { ...plan.status, verdict: outcome.verdict, finishedAt } };
  }

  #plan(phase: string): RunPlan {
    const policy = this.#world.run.spec.retryPolicy;
    const finished = this.lines.filter((line) => line.state === 'Finished');
    const passed = finished.filter((line) => line.verdict !== 'Skipped' && letsRunSucceed(line, policy));
    return {
      stop: [],
      start: [],
      remove: false,
      requeueAfterMs: undefined,
      status: fitRunBudget({
        phase,
        ...(this.startedAt ? { startedAt: this.startedAt } : {}),
        ...(this.#suspendedSeconds > 0 ? { suspendedSeconds: this.#suspendedSeconds } : {}),
        counts: sumCounts(this.lines),
        suiteCounts: { total: this.lines.length, finished: finished.length, passed: passed.length },
        suites: this.lines,
        ...(this.environments.length > 0 ? { environments: this.environments } : {}),
        conditions: this.#conditions,
      }),
    };
  }
}
