import type { TestState } from '@backendai-e2e/api/verdict';
import { plainLine, printable } from '../plain-text.ts';
import { type AttemptRecord, attemptsOf, type RunRecord, type SuiteRecord } from '../run-record.ts';
import { firstLine, isBad, type TestIdentity, type TestRecord, whyLeftOut } from '../test-record.ts';
import { NO_TITLE, titlePath } from '../titles.ts';
import { caseNames } from './junit-names.ts';
import type { Reporter, Write } from './reporter.ts';
import { stableUuid } from './stable-id.ts';
import { SUITE_CASE, type SuiteCase, suiteCase } from './suite-case.ts';

/** Version of the Common Test Report Format that is written: https://ctrf.io, package ctrf 0.3. */
const SPEC_VERSION = '0.0.0';

type Status = 'passed' | 'failed' | 'skipped' | 'other';

/** What keeps a suite from passing is failed; a known issue ran and is neither passed nor failed. */
const STATUSES: Readonly<Record<TestState, Status>> = {
  passed: 'passed',
  failed: 'failed',
  inconclusive: 'failed',
  interrupted: 'failed',
  pending: 'skipped',
  'known-issue': 'other',
};

/**
 * CTRF JSON of a run, written at its end. It has a test for each test of the deciding attempts, with the names of junit.xml and
 * the earlier attempts. `rawStatus` is the state as this project names it. A suite that ended badly without a bad test has one
 * more test "(suite)".
 */
export function ctrfReporter(write: Write): Reporter {
  return { runEnded: (run) => write(`${JSON.stringify(ctrfOf(run), null, 2)}\n`) };
}

function ctrfOf(run: RunRecord) {
  const names = caseNames(run);
  const tests = run.suites.flatMap((suite) => testsOf(suite, names.get(suite.name) ?? []));
  const count = (status: Status) => tests.filter((test) => test.status === status).length;
  const start = millis(run.startedAt) ?? 0;
  const stop = millis(run.finishedAt) ?? Math.max(start, ...tests.map((test) => test.stop ?? 0));
  return {
    reportFormat: 'CTRF',
    specVersion: SPEC_VERSION,
    reportId: stableUuid('ctrf', run.uid ?? run.name),
    runId: printable(run.uid ?? run.name),
    ...(run.finishedAt ? { timestamp: new Date(stop).toISOString() } : {}),
    generatedBy: 'backendai-e2e',
    results: {
      tool: { name: 'backendai-e2e' },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: 0,
        other: count('other'),
        flaky: tests.filter((test) => test.flaky).length,
        suites: run.suites.length,
        ...{ start, stop, duration: stop - start },
      },
      tests,
      environment: {
        reportName: plainLine(run.name),
        appName: 'Backend.AI',
        ...(run.backendAi.length > 0 ? { appVersion: plainLine(run.backendAi.join(', ')) } : {}),
        testEnvironment: plainLine(run.environments.join(', ')),
        ...(run.succeeded ? { healthy: run.succeeded.status === 'True' } : {}),
      },
    },
  };
}

interface CtrfTest {
  testId: string;
  executionId: string;
  name: string;
  status: Status;
  rawStatus: string;
  duration: number;
  start?: number;
  stop?: number;
  suite: string[];
  message?: string;
  trace?: string;
  filePath?: string;
  labels?: Record<string, string>;
  retries?: number;
  retryAttempts?: object[];
  flaky?: boolean;
}

function testsOf(suite: SuiteRecord, names: readonly TestIdentity[]): CtrfTest[] {
  const { deciding, earlier } = attemptsOf(suite);
  const tests = suite.tests.map((test, index): CtrfTest => {
    const before = earlier.flatMap(({ attempt, tests }) => {
      const same = tests.find(({ id }) => id === test.id);
      return same ? [{ attempt, test: same }] : [];
    });
    return {
      testId: test.id,
      executionId: executionId(deciding, suite, test.id),
      name: plainLine(names[index]?.title ?? test.title) || NO_TITLE,
      ...outcomeOf(test),
      rawStatus: test.state,
      suite: [suite.name, ...titlePath(test.title).slice(0, -1)].map(plainLine),
      filePath: `suites/${plainLine(test.file)}.ts`,
      ...labelsOf(suite),
      ...(before.length > 0
        ? {
            retries: before.length,
            retryAttempts: before.map(({ attempt, test: one }) => ({ attempt, ...outcomeOf(one) })),
          }
        : {}),
      ...(test.state === 'passed' && before.some((one) => isBad(one.test)) ? { flaky: true } : {}),
    };
  });
  const whole = suiteCase(suite);
  return whole ? [...tests, wholeSuite(suite, whole, deciding)] : tests;
}

function wholeSuite(suite: SuiteRecord, whole: SuiteCase, deciding: AttemptRecord | undefined): CtrfTest {
  return {
    testId: stableUuid('suite', suite.name),
    executionId: executionId(deciding, suite, SUITE_CASE),
    name: SUITE_CASE,
    status: whole.skipped ? 'skipped' : 'failed',
    rawStatus: plainLine(whole.reason),
    duration: 0,
    message: printable(whole.message),
    suite: [plainLine(suite.name)],
    ...labelsOf(suite),
  };
}

/** How a test ended, in whole milliseconds. */
function outcomeOf(test: TestRecord) {
  const { state, startedAt, seconds, error } = test;
  const why = whyLeftOut(test);
  const duration = Math.round(seconds * 1000);
  const start = millis(startedAt);
  return {
    status: STATUSES[state],
    duration,
    ...(start === undefined ? {} : { start, stop: start + duration }),
    ...(why ? { message: plainLine(why) } : {}),
    ...(error ? { message: plainLine(firstLine(error)), trace: printable(error) } : {}),
  };
}

function labelsOf({ environment }: SuiteRecord): { labels?: Record<string, string> } {
  return environment ? { labels: { environment: plainLine(environment) } } : {};
}

function executionId(attempt: AttemptRecord | undefined, suite: SuiteRecord, test: string): string {
  return stableUuid('test', attempt?.uid ?? attempt?.report ?? suite.name, test);
}

function millis(at: string | undefined): number | undefined {
  const time = Date.parse(at ?? '');
  return Number.isNaN(time) ? undefined : time;
}
