import { conditionOf } from '@backendai-e2e/api/conditions';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { RunSuite, TestRun } from '@backendai-e2e/api/test-run';
import { environmentOf, environmentsOf, RUN_CONDITIONS, suiteOf } from '@backendai-e2e/api/test-run';
import type { Counts, Verdict } from '@backendai-e2e/api/verdict';
import { isFailure } from '@backendai-e2e/api/verdict-policy';
import type { TestRecord } from './test-record.ts';

/** One attempt at a suite: what one pod ran. */
export interface AttemptRecord {
  /** Name of its TestReport. */
  report: string;
  /** UID of its TestReport; absent where no API server gave one. */
  uid?: string;
  /** From 1. */
  attempt: number;
  /** The Backend.AI that it met. */
  backendAi?: string;
  /** RFC 3339; absent before Mocha starts. */
  startedAt?: string;
  /** RFC 3339; absent before the attempt ends. */
  finishedAt?: string;
  verdict?: Verdict;
  /** In the order of their end. */
  tests: readonly TestRecord[];
}

/** One line of a run: a suite, in one environment, with the attempt that decides. */
export interface SuiteRecord extends RunSuite {
  /** Whether it counts as a failure by the policy of its run. A suite without a verdict does. */
  failed: boolean;
  /** The Backend.AI that the deciding attempt met. */
  backendAi?: string;
  /** RFC 3339, of the deciding attempt. */
  startedAt?: string;
  /** Tests of the deciding attempt, in the order of their end. */
  tests: readonly TestRecord[];
  /** All attempts that left a report, oldest first. */
  attempts: readonly AttemptRecord[];
}

/** A run with everything that reporters show: plain data, joined from a TestRun and its TestReports. */
export interface RunRecord {
  name: string;
  /** UID of the TestRun; absent where no API server gave one. */
  uid?: string;
  /** RFC 3339; absent before the run starts, or ends. */
  startedAt?: string;
  finishedAt?: string;
  environments: readonly string[];
  /** Every Backend.AI that was tested, for example "26.9.6 (1a2b3c4d5e6f, modified)". */
  backendAi: readonly string[];
  /** What the condition Succeeded says; absent before the operator writes it. */
  succeeded?: { status: 'True' | 'False' | 'Unknown'; reason: string; message: string };
  /** For people only: Queued, Running, Succeeded, … */
  phase?: string;
  verdict?: Verdict;
  counts?: Counts;
  /** In the order of the run. */
  suites: readonly SuiteRecord[];
}

/** A TestRun and its TestReports as the API server or run.json holds them. */
export interface RunObjects {
  run: TestRun;
  reports: readonly TestReport[];
}

/** Joins a run and its reports. A line without a report has no tests. */
export function runRecord({ run, reports }: RunObjects): RunRecord {
  const succeeded = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded);
  const { phase, verdict, counts, startedAt, finishedAt, suites = [] } = run.status ?? {};
  return {
    name: run.metadata.name,
    ...(run.metadata.uid ? { uid: run.metadata.uid } : {}),
    ...(startedAt ? { startedAt } : {}),
    ...(finishedAt ? { finishedAt } : {}),
    environments: environmentsOf(run),
    backendAi: [
      ...new Set([
        ...(run.status?.backendAi ?? []),
        ...reports.flatMap(({ status }) => status?.backendAi ?? []),
      ]),
    ],
    ...(succeeded
      ? { succeeded: { status: succeeded.status, reason: succeeded.reason, message: succeeded.message } }
      : {}),
    ...(phase ? { phase } : {}),
    ...(verdict ? { verdict } : {}),
    ...(counts ? { counts } : {}),
    suites: suites.map((line) => suiteRecord(run, line, reports)),
  };
}

function suiteRecord(run: TestRun, line: RunSuite, reports: readonly TestReport[]): SuiteRecord {
  const attempts = reports
    .filter((report) => report.metadata.name === line.report || isOf(run, line, report))
    .sort((a, b) => a.spec.attempt - b.spec.attempt)
    .map(attemptRecord);
  const deciding = attempts.find(({ report }) => report === line.report);
  return {
    ...line,
    failed: isFailure(line, run.spec),
    ...(deciding?.backendAi ? { backendAi: deciding.backendAi } : {}),
    ...(deciding?.startedAt ? { startedAt: deciding.startedAt } : {}),
    tests: deciding?.tests ?? [],
    attempts,
  };
}

/** The attempt that decides a suite, and those before it, oldest first. */
export function attemptsOf({ attempts, report }: SuiteRecord): {
  deciding: AttemptRecord | undefined;
  earlier: readonly AttemptRecord[];
} {
  const deciding = attempts.find((one) => one.report === report);
  return { deciding, earlier: attempts.filter(({ attempt }) => attempt < (deciding?.attempt ?? 0)) };
}

/** Whether a report is of an attempt at this line. A suite that runs in several environments has a line in each. */
function isOf(run: TestRun, line: RunSuite, { spec }: TestReport): boolean {
  return spec.suite === suiteOf(line) && environmentOf(run, spec) === environmentOf(run, line);
}

function attemptRecord({ metadata, spec, status }: TestReport): AttemptRecord {
  return {
    report: metadata.name,
    ...(metadata.uid ? { uid: metadata.uid } : {}),
    attempt: spec.attempt,
    ...(status?.backendAi ? { backendAi: status.backendAi } : {}),
    ...(status?.startedAt ? { startedAt: status.startedAt } : {}),
    ...(status?.finishedAt ? { finishedAt: status.finishedAt } : {}),
    ...(status?.verdict ? { verdict: status.verdict } : {}),
    tests: status?.tests ?? [],
  };
}
