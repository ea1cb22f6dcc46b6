import type { Condition } from '@backendai-e2e/api/conditions';
import { condition, testReport, testRun } from '@backendai-e2e/api/object-fixtures';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { RunSuite, TestRun } from '@backendai-e2e/api/test-run';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { testLine } from './printed-output.ts';
import type { TestRecord } from './test-record.ts';

/** Objects as the API server holds them, for specs. */

const metadata = { namespace: 'backendai-e2e' };

/** A test that passed in a quarter of a second. */
export function test(title: string, more: Partial<TestRecord> = {}): TestRecord {
  return { id: title, file: 'area/one', title, state: 'passed', seconds: 0.25, ...more };
}

/** The final report of the first attempt of a suite. */
export function report(suite: string, tests: TestRecord[], status: TestReport['status'] = {}): TestReport {
  return testReport(suite, { metadata, status: { counts: countsOf(tests), tests, final: true, ...status } });
}

/** The line of a suite that ended. */
export function suite(name: string, verdict: Verdict, more: Partial<RunSuite> = {}): RunSuite {
  return { name, state: 'Finished', attempt: 1, report: `run-${name}-1`, verdict, seconds: 2, ...more };
}

/** A run with these lines and this condition Succeeded. */
export function run(suites: RunSuite[], succeeded = { status: 'True', reason: 'AllPassed' }): TestRun {
  const status = succeeded.status as Condition['status'];
  const conditions = [condition('Succeeded', status, succeeded.reason, `because ${succeeded.reason}`)];
  return testRun('run', { metadata, status: { suites, conditions } });
}

/** The output of a suite's pod with these tests in one file. Timestamps of the kubelet are a second apart. */
export function output(tests: readonly TestRecord[], from = '2026-01-01T00:00:00.000Z'): string {
  const lines = ['area/one', ...tests.map(testLine), '', `Tests: ${tests.length} total`, 'Verdict: Passed'];
  return lines
    .map((line, index) => `${new Date(Date.parse(from) + index * 1000).toISOString()} ${line}`)
    .join('\n');
}

function countsOf(tests: readonly TestRecord[]) {
  const count = (state: TestRecord['state']): number => tests.filter((one) => one.state === state).length;
  return {
    total: tests.length,
    passed: count('passed'),
    failed: count('failed'),
    pending: count('pending'),
    interrupted: count('interrupted'),
    knownIssue: count('known-issue'),
  };
}
