import { type Condition, conditionOf } from '@backendai-e2e/api/conditions';
import { condition, testEnvironment, testReport } from '@backendai-e2e/api/object-fixtures';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport, TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRun, TestRunSpec, TestRunStatus } from '@backendai-e2e/api/test-run';
import type { RunPlan, RunWorld } from './plan-builder.ts';
import { later, run as runIn, START, suite } from './plan-fixtures.ts';

/** A run over environments "one" and "two" with these further wishes, and that status where one is given. */
export function run(spec: Partial<TestRunSpec> = {}, status?: TestRunStatus, name = 'run'): TestRun {
  const places = { environmentRef: { name: 'one' }, moreEnvironmentRefs: [{ name: 'two' }] };
  return runIn({ ...places, ...spec }, status, name);
}

/** How far an environment is. */
export type State = 'ready' | 'unhealthy' | 'deploying' | 'failed';

/** An environment in that state; it was ready once. */
export function environment(
  name: string,
  state: State,
  disruption: 'Allowed' | 'Forbidden' = 'Allowed',
): TestEnvironment {
  const made = (deployed: Condition['status'], ready: Condition['status'], reason: string) => [
    condition('Deployed', deployed, reason, `${name} is ${state}`),
    condition('Ready', ready, reason, `${name} is ${state}`),
  ];
  const conditions: Record<State, Condition[]> = {
    ready: made('True', 'True', 'AllReady'),
    unhealthy: made('True', 'False', 'ComponentsNotReady'),
    deploying: made('Unknown', 'False', 'Deploying'),
    failed: made('False', 'False', 'HelmFailed'),
  };
  return testEnvironment(name, {
    metadata: { generation: 1 },
    spec: { chart: { name: 'c' }, disruption },
    status: { conditions: conditions[state], observedGeneration: 1, readyAt: START.toISOString() },
  });
}

/**
 * The report of an attempt, created a number of seconds after the start.
 * @param line "suite" or "suite@environment", with "#2" for the second attempt
 */
export function report(line: string, where: string, status: TestReportStatus = {}, made = 0): TestReport {
  const [name = '', attempt = '1'] = line.split('#');
  const suiteName = name.replace(/@.*/, '');
  return testReport(suiteName, {
    metadata: {
      name: `run-${name.replace('@', '-')}-${attempt}`,
      creationTimestamp: later(made).toISOString(),
    },
    spec: { attempt: Number(attempt), environment: where },
    status,
  });
}

/** Status of the report of an attempt that failed. */
export const failed: TestReportStatus = { final: true, verdict: 'Failed' };

/** What a plan sees at START: a new run of three suites, in two ready environments. `changes` replaces parts. */
export function world(changes: Partial<RunWorld> = {}): RunWorld {
  return {
    now: START,
    run: run(),
    environment: environment('one', 'ready'),
    moreEnvironments: [environment('two', 'ready')],
    suites: [suite('alpha'), suite('beta'), suite('gamma')],
    reports: [],
    others: [],
    ...changes,
  };
}

/** Attempts that a plan starts, and where: "run-alpha-1 in one". */
export const starts = (plan: RunPlan) =>
  plan.start.map(({ name, environment: where }) => `${name} in ${where}`);
/** Condition Succeeded after a plan. */
export const outcome = (plan: RunPlan) => conditionOf(plan.status.conditions, 'Succeeded');
/** Condition EnvironmentReady after a plan. */
export const readiness = (plan: RunPlan) => conditionOf(plan.status.conditions, 'EnvironmentReady');
/** The line of each suite after a plan: name, verdict or state, environment, reason. */
export const lines = (plan: RunPlan) =>
  plan.status.suites?.map(({ name, state, environment: where, verdict, reason }) =>
    [name, verdict ?? state, where ?? '', reason ?? ''].join(' ').trimEnd(),
  );
