import { type Condition, conditionOf } from '@backendai-e2e/api/conditions';
import type { RunSuite, TestRun } from '@backendai-e2e/api/test-run';

/** The condition Succeeded of a run. */
export function succeeded(run: TestRun): Condition | undefined {
  return conditionOf(run.status?.conditions, 'Succeeded');
}

/** The line of a suite in the status of a run. Undefined without such a line or without a run. */
export function lineOf(run: TestRun | undefined, suite: string): RunSuite | undefined {
  return run?.status?.suites?.find((line) => line.name === suite);
}
