import type { ReportedTest, TestReport, TestReportStatus } from '@backendai-e2e/api/test-report';
import { type RunSuite, SUITE_REASONS } from '@backendai-e2e/api/test-run';
import type { TestState, Verdict } from '@backendai-e2e/api/verdict';
import { decideOutcome } from '@backendai-e2e/results/outcome';
import { expect } from 'chai';
import { report } from '../runs/plan-fixtures.ts';
import { transformReport } from './cache-transform.ts';
import { foldSuite, suiteCounts } from './fold.ts';

type States = Record<string, TestState>;

/** The final status of an attempt whose tests, by title, ended so. Hooks are tests with the title of a hook. */
function ended(states: States, more: TestReportStatus = {}): TestReportStatus {
  const tests = Object.entries(states).map(
    ([title, state]): ReportedTest => ({ id: title, file: 'a/b', title, state, seconds: 1 }),
  );
  const count = (state: TestState) => tests.filter((test) => test.state === state).length;
  const counts = {
    total: tests.length,
    passed: count('passed'),
    failed: count('failed'),
    pending: count('pending'),
    interrupted: count('interrupted'),
    inconclusive: count('inconclusive'),
    knownIssue: count('known-issue'),
  };
  return { final: true, counts, tests, ...decideOutcome(tests, undefined), ...more };
}

const evicted: TestReportStatus = { final: true, verdict: 'Interrupted', reason: 'Evicted' };
const HOOK = '"before all" hook for "a"';

/** The line of attempts in this order, from whole reports and from what the cache keeps of them. */
function lineOf(...attempts: TestReportStatus[]) {
  const reports = attempts.map((status, index) => report('alpha', index + 1, status));
  const fold = (seen: TestReport[]) => foldSuite('alpha', seen, attempts.length - 1).line;
  expect(fold(reports.map(transformReport))).to.deep.equal(fold(reports));
  return fold(reports);
}

describe('the line of a suite', () => {
  const cases: [string, TestReportStatus[], Verdict, number, string | undefined][] = [
    [
      'is Flaky when a retry passes what failed',
      [ended({ a: 'failed', b: 'passed' }), ended({ a: 'passed', b: 'passed' })],
      'Flaky',
      2,
      'PassedOnRetry',
    ],
    [
      'is Flaky when a retry runs what a failed hook kept from running',
      [ended({ [HOOK]: 'failed', a: 'interrupted' }), ended({ a: 'passed' })],
      'Flaky',
      2,
      'PassedOnRetry',
    ],
    [
      'is Flaky when a retry fails as listed',
      [ended({ a: 'failed', b: 'passed' }), ended({ a: 'passed', b: 'known-issue' })],
      'Flaky',
      2,
      'PassedOnRetry',
    ],
    ['is Flaky when a pod was evicted', [evicted, ended({ a: 'passed' })], 'Flaky', 2, 'PassedOnRetry'],
    [
      'stays Failed when the retry skips every test',
      [ended({ a: 'failed' }), ended({ a: 'pending' })],
      'Failed',
      1,
      'NotRepeated',
    ],
    [
      'stays Interrupted when the retry skips every test',
      [evicted, ended({ a: 'pending' })],
      'Interrupted',
      1,
      'NotRepeated',
    ],
    [
      'stays Failed through Interrupted and Skipped',
      [ended({ a: 'failed' }), evicted, ended({ a: 'pending' })],
      'Failed',
      1,
      'NotRepeated',
    ],
    [
      'stays Failed when the retry skips the test that failed',
      [ended({ a: 'failed', b: 'pending' }), ended({ a: 'pending', b: 'passed' })],
      'Failed',
      1,
      'NotRepeated',
    ],
    [
      'stays Failed when the retry has another test instead of the one that failed',
      [ended({ a: 'failed' }), ended({ b: 'passed' })],
      'Failed',
      1,
      'NotRepeated',
    ],
    [
      'stays Failed when the retry runs fewer tests',
      [ended({ a: 'failed', b: 'passed' }), ended({ a: 'passed' })],
      'Failed',
      1,
      'NotRepeated',
    ],
    [
      'stays Inconclusive when the retry skips what could not be seen',
      [ended({ a: 'inconclusive', b: 'passed' }), ended({ a: 'pending', b: 'passed' })],
      'Inconclusive',
      1,
      'NotRepeated',
    ],
    [
      'stays Failed when the retry is interrupted',
      [ended({ a: 'failed' }), evicted],
      'Failed',
      1,
      'TestsFailed',
    ],
    [
      'stays Failed when the retry finds no test',
      [ended({ a: 'failed' }), { final: true, verdict: 'NoTests', reason: 'NoTests' }],
      'Failed',
      1,
      'TestsFailed',
    ],
    [
      'is Flaky when the retry passes and skips what was skipped before',
      [ended({ a: 'failed', b: 'pending' }), ended({ a: 'passed', b: 'pending' })],
      'Flaky',
      2,
      'PassedOnRetry',
    ],
    [
      'is Flaky when the retry passes without a test that was skipped before',
      [ended({ a: 'failed', b: 'pending' }), ended({ a: 'passed' })],
      'Flaky',
      2,
      'PassedOnRetry',
    ],
    ['is Failed when the retry fails', [evicted, ended({ a: 'failed' })], 'Failed', 2, 'TestsFailed'],
    ['is Skipped when its only attempt skips', [ended({ a: 'pending' })], 'Skipped', 1, 'AllSkipped'],
  ];
  for (const [title, attempts, verdict, deciding, reason] of cases) {
    it(title, () => {
      const line = lineOf(...attempts);
      expect(line).to.include({ verdict, reason, attempt: attempts.length, report: `run-alpha-${deciding}` });
    });
  }

  it('is not better for reports that someone deleted', () => {
    const second = (states: States) =>
      foldSuite('alpha', [report('alpha', 2, ended(states))], 1).line.verdict;
    expect(second({ a: 'passed' })).to.equal('Flaky');
    expect(second({ a: 'pending' })).to.equal('Interrupted');
  });

  it('says which test the retry did not run, and how it failed', () => {
    const failing = ended({ a: 'failed', b: 'failed' }, { message: 'a: expected 1 (and 1 more)' });
    expect(lineOf(failing, ended({ a: 'pending', b: 'passed', c: 'passed' })).message).to.equal(
      'attempt 2 does not make up for attempt 1: it did not run a; attempt 1: a: expected 1 (and 1 more)',
    );
  });

  it('trusts the counts of a retry whose report had no room for every test', () => {
    const { tests: _none, ...full } = ended({ a: 'passed', b: 'passed' });
    const cut = { ...full, omitted: { tests: 2, errorBytes: 0 } };
    expect(lineOf(ended({ a: 'failed', b: 'passed' }), cut).verdict).to.equal('Flaky');
    expect(lineOf(ended({ a: 'failed', b: 'passed', c: 'passed' }), cut).verdict).to.equal('Failed');
  });

  it('says that a report gives no reason, where it should', () => {
    for (const verdict of ['Failed', 'Interrupted', 'Inconclusive'] as const) {
      for (const silent of [{}, { message: '', reason: '' }]) {
        expect(lineOf({ final: true, verdict, ...silent }).message).to.equal(
          `its report says ${verdict}, and not why`,
        );
      }
    }
    const again = lineOf({ final: true, verdict: 'Failed', message: '' }, ended({ a: 'passed' }));
    expect(again.message).to.match(/attempt 1: Failed$/);
    expect(lineOf(evicted).message).to.equal('Evicted');
    for (const verdict of ['Passed', 'KnownIssue'] as const) {
      expect(lineOf({ final: true, verdict }).message).to.equal(undefined);
    }
  });
});

describe('the suites of a run, counted', () => {
  const line = (verdict: Verdict, reason?: string): RunSuite => ({
    ...{ name: verdict, state: 'Finished', attempt: 1, verdict },
    ...(reason ? { reason } : {}),
  });
  const running: RunSuite = { name: 'running', state: 'Running', attempt: 1 };

  it('say how many keep the run from succeeding', () => {
    const lines = [line('Passed'), line('KnownIssue'), line('Failed'), line('NoTests'), running];
    expect(suiteCounts(lines, {})).to.deep.equal({ total: 5, finished: 4, passed: 2, failed: 2 });
  });

  it('count a skipped suite neither way, and a flaky one as the run says', () => {
    const skipped = [line('Skipped'), line('Skipped', SUITE_REASONS.failFast)];
    expect(suiteCounts(skipped, {})).to.deep.equal({ total: 2, finished: 2, passed: 0, failed: 0 });
    const strict = { retryPolicy: { flaky: 'Fail' as const } };
    expect(suiteCounts([line('Flaky')], {})).to.include({ passed: 1, failed: 0 });
    expect(suiteCounts([line('Flaky')], strict)).to.include({ passed: 0, failed: 1 });
  });
});
