import { LIMITS } from '@backendai-e2e/api/limits';
import type { TestReport, TestReportStatus } from '@backendai-e2e/api/test-report';

type Tests = NonNullable<TestReportStatus['tests']>;

/** Characters of an error that stay of a report beyond its budget. */
const ERROR = 1_000;

/**
 * The first tests that fit into the byte budget of a report. The reporter keeps to it. A hostile suite may write as much as etcd
 * stores. A hundred such reports would fill the memory of the operator.
 */
export function testsInBudget(tests: Tests): { tests: Tests; omitted: number } {
  let bytes = 0;
  const beyond = tests.findIndex((test) => {
    bytes += Buffer.byteLength(JSON.stringify(test));
    return bytes > LIMITS.reportBytes;
  });
  return beyond < 0
    ? { tests, omitted: 0 }
    : { tests: tests.slice(0, beyond), omitted: tests.length - beyond };
}

/** A report as it is, or without what goes beyond its byte budget. What is left out is counted in status.omitted. */
export function reportInBudget(report: TestReport): TestReport {
  if (!report.status || Buffer.byteLength(JSON.stringify(report.status)) <= LIMITS.reportBytes) return report;
  const { hooks: _hooks, measurements: _measurements, waits: _waits, tests = [], ...status } = report.status;
  const short = tests.map((test) => (test.error ? { ...test, error: test.error.slice(0, ERROR) } : test));
  const kept = testsInBudget(short);
  const { tests: before = 0, errorBytes = 0 } = status.omitted ?? {};
  return {
    ...report,
    status: { ...status, tests: kept.tests, omitted: { tests: before + kept.omitted, errorBytes } },
  };
}
