import { type Condition, conditionOf } from '@backendai-e2e/api/conditions';
import { API_VERSION } from '@backendai-e2e/api/group';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport, TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRun, TestRunSpec, TestRunStatus } from '@backendai-e2e/api/test-run';
import type { TestSuite, TestSuiteSpec } from '@backendai-e2e/api/test-suite';
import type { RunPlan, RunWorld } from './plan-builder.ts';

/** When the sample run was created. */
export const START = new Date('2026-01-01T00:00:00Z');
/** So many seconds after START. */
export const later = (seconds: number) => new Date(START.getTime() + seconds * 1000);

/** A run in environment "env" with these further wishes, and that status where one is given. */
export function run(spec: Partial<TestRunSpec> = {}, status?: TestRunStatus, name = 'run'): TestRun {
  return {
    apiVersion: API_VERSION,
    kind: 'TestRun',
    metadata: {
      name,
      namespace: 'ns',
      uid: name,
      generation: 1,
      creationTimestamp: START.toISOString(),
    },
    spec: { environmentRef: { name: 'env' }, ...spec },
    ...(status ? { status } : {}),
  };
}

/** A suite of that name with these further settings. */
export function suite(name: string, spec: Partial<TestSuiteSpec> = {}): TestSuite {
  const metadata = { name, namespace: 'ns' };
  return {
    apiVersion: API_VERSION,
    kind: 'TestSuite',
    metadata,
    spec: { files: ['a'], image: 'i', ...spec },
  };
}

/** A condition as it stands since START. */
export function condition(
  type: string,
  status: Condition['status'],
  reason: string,
  message = reason,
): Condition {
  return { type, status, reason, message, lastTransitionTime: START.toISOString() };
}

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
  return {
    apiVersion: API_VERSION,
    kind: 'TestEnvironment',
    metadata: { name: 'env', namespace: 'ns', generation: 1 },
    spec: { chart: { name: 'c' }, disruption: 'Allowed' },
    status: {
      conditions,
      observedGeneration: 1,
      readyAt: START.toISOString(),
      connectionSecret: 'env-connection',
      ...rest,
    },
  };
}

/** The report of an attempt of a suite in "run". */
export function report(suiteName: string, attempt: number, status: TestReportStatus = {}): TestReport {
  return {
    apiVersion: API_VERSION,
    kind: 'TestReport',
    metadata: { name: `run-${suiteName}-${attempt}`, namespace: 'ns' },
    spec: { run: 'run', suite: suiteName, attempt },
    status,
  };
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

/** What a plan sees at START: a new run of two suites in an environment that is ready; `changes` replaces parts. */
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
