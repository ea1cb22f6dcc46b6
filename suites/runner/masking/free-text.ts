import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import type { Secrets } from '@backendai-e2e/redaction/redaction';
import type { SuiteRecord } from '@backendai-e2e/results/run-record';
import type { TestRecord } from '@backendai-e2e/results/test-record';

/**
 * Masks secrets in what suites write: titles, errors, messages, names of measurements. States, times, ids and names of files
 * are made by the runner. They stay, whatever word a weak password is: the API server refuses a state "•••ed".
 */
export function maskTest(test: TestRecord, secrets: Secrets): TestRecord {
  const { error, message } = test;
  return {
    ...test,
    title: secrets.mask(test.title),
    ...(error === undefined ? {} : { error: secrets.mask(error) }),
    ...(message === undefined ? {} : { message: secrets.mask(message) }),
  };
}

/** A copy of a suite's record, masked like {@link maskTest}. */
export function maskSuite(suite: SuiteRecord, secrets: Secrets): SuiteRecord {
  const { message } = suite;
  return {
    ...suite,
    ...(message === undefined ? {} : { message: secrets.mask(message) }),
    tests: suite.tests.map((test) => maskTest(test, secrets)),
  };
}

/** A copy of a report, masked like {@link maskTest}. */
export function maskReport(status: TestReportStatus, secrets: Secrets): TestReportStatus {
  const { message, current, tests, hooks, measurements, waits } = status;
  return {
    ...status,
    ...(message === undefined ? {} : { message: secrets.mask(message) }),
    ...(current === undefined ? {} : { current: secrets.mask(current) }),
    ...(tests ? { tests: tests.map((test) => maskTest(test, secrets)) } : {}),
    ...(hooks ? { hooks: hooks.map((hook) => ({ ...hook, title: secrets.mask(hook.title) })) } : {}),
    ...(waits
      ? {
          waits: waits.map((one) => ({
            ...one,
            title: secrets.mask(one.title),
            what: secrets.mask(one.what),
          })),
        }
      : {}),
    ...(measurements
      ? {
          measurements: measurements.map((one) => ({
            ...one,
            name: secrets.mask(one.name),
            unit: secrets.mask(one.unit),
          })),
        }
      : {}),
  };
}
