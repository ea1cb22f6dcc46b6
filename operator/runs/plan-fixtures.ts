import { type Condition, conditionOf } from '@backendai-e2e/api/conditions';
import {
  condition,
  FIXTURE_TIME,
  testEnvironment,
  testReport,
  testRun,
  testSuite,
} from '@backendai-e2e/api/object-fixtures';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport, TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRun, TestRunSpec, TestRunStatus } from '@backendai-e2e/api/test-run';
import type { TestSuite, TestSuiteSpec } from '@backendai-e2e/api/test-suite';
import type { RunPlan, RunWorld } from './plan-builder.ts';

/** When the sample run was created. */
export const START = new Date(FIXTURE_TIME);
/** A number of seconds after START. */
export const later = (seconds: number) => new Date(START.getTime() + seconds * 1000);

/** A run in environment "env" with these further wishes, and that status where one is given. */
export function run(spec: Partial<TestRunSpec> = {}, status?: TestRunStatus, name = 'run'): TestRun {
  const metadata = { uid: name, generation: 1, creationTimestamp: START.toISOString() };
  return testRun(name, { metadata, spec: { environmentRef: { name: 'env' }, ...spec }, status });
}

/** A suite of that name with these further settings. */
export const suite = (name: string, spec: Partial<TestSuiteSpec> = {}): TestSuite =>
  testSuite(name, { spec });

/** Conditions of an environment that is deployed and healthy. */
export const READY = [condition('Deployed', 'True', 'Installed'), condition('Ready', 'True', 'AllReady')];
/** Conditions of one that is deployed and not healthy. */
export const UNREADY = [
  condition('Deployed', 'True', 'Installed'),
  condition('Ready', 'False', 'ComponentsNotReady', 'manager: 0 of 2 ready'),
];

/** Environment "env" in those conditions, with further parts of its status; it was ready once and may be broken. */
export function environment(
  conditions: Condition[],
  rest: Partial<TestEnvironment['status']> = {},
): TestEnvironment {
  const settled = { observedGeneration: 1, readyAt: START.toISOString(), connectionSecret: 'env-connection' };
  return testEnvironment('env', {
    metadata: { generation: 1 },
    spec: { chart: { name: 'c' }, disruption: 'Allowed' },
    status: { conditions, ...settled, ...rest },
  });
}

/** The report of an attempt of a suite in "run". */
export function report(suiteName: string, attempt: number, status: TestReportStatus = {}): TestReport {
  return testReport(suiteName, { spec: { attempt }, status });
}

/** Status of the report of an attempt that passed. */
export const passed: TestReportStatus = { final: true, verdict: 'Passed', seconds: 2 };
/** Status of the report of an attempt that failed. */
export const failed: TestReportStatus = {
  final: true,
  verdict: 'Failed',
  reason: 'TestsFailed',
  message: 'it broke',
};

/** What a plan sees at START: a new run of two suites, in a ready environment. `changes` replaces parts. */
export function world(changes: Partial<RunWorld> = {}): RunWorld {
  return {
    now: START,
    run: run(),
    environment: environment(READY),
    suites: [suite('alpha'), suite('beta')],
    reports: [],
    others: [],
    ...changes,
  };
}

/** The same run with the status that a plan ended in, some seconds later. */
export function next(
  before: RunWorld,
  plan: RunPlan,
  seconds: number,
  changes: Partial<RunWorld> = {},
): RunWorld {
  return { ...before, run: { ...before.run, status: plan.status }, now: later(seconds), ...changes };
}

/** Names of the attempts that a plan starts. */
export const starts = (plan: RunPlan) => plan.start.map(({ name }) => name);
/** Name, verdict and reason of each suite's line after a plan. */
export const verdicts = (plan: RunPlan) =>
  plan.status.suites?.map(({ name, verdict, reason }) => [name, verdict ?? '', reason ?? '']);
/** Status and reason of condition Succeeded after a plan. */
export const outcome = (plan: RunPlan) => {
  const found = conditionOf(plan.status.conditions, 'Succeeded');
  return [found?.status, found?.reason];
};
