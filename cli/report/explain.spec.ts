import { component, condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import { readPrintedTests } from '@backendai-e2e/results/printed-output';
import { output, report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { componentLog } from '../collect/log-fixtures.ts';
import { alarmsWithin, windowOf } from './alarms.ts';
import { explainFailure } from './explain.ts';

const failed = test('executes', {
  state: 'failed',
  error: 'AssertionError: expected 42\n    at here',
  seconds: 1,
});

describe('the first lines after a failure', () => {
  it('shows the test, its error, and the component logs of that time only', () => {
    const reports = [report('s', [failed])];
    const logs = [
      componentLog('manager', [
        '2025-12-31T23:50:00Z ERROR long before',
        '2026-01-01T00:00:00.5Z INFO fine',
        '2026-01-01T00:00:00.7Z ERROR agent said no',
      ]),
    ];
    const printed = new Map([['run-s-1', readPrintedTests(output([failed]))]]);
    const lines = explainFailure({ run: run([suite('s', 'Failed')]), reports, logs, events: [], printed });
    expect(lines).to.deep.equal([
      '',
      '✘ area/one: executes (failed)',
      '    AssertionError: expected 42',
      '        at here',
      '  component logs at that time:',
      '    00:00:00.7Z manager/manager: ERROR agent said no',
    ]);
  });

  it('names the component that is not ready, with its last warnings and errors', () => {
    const environment = testEnvironment('e2e', {
      status: {
        components: [
          component('manager', 0, { message: 'scaled to 0' }),
          component('etcd', 1, { desired: 1 }),
        ],
        conditions: [condition('Ready', 'False', 'ComponentsNotReady', 'manager 0/2')],
      },
    });
    const line = suite('s', 'Failed', { reason: 'EnvironmentNotReady', message: 'manager 0/2' });
    const lines = explainFailure({
      run: run([line]),
      environment,
      reports: [],
      logs: [componentLog('manager', ['2026-01-01T00:00:00Z CRITICAL gone'])],
      events: [],
      printed: new Map(),
    });
    expect(lines).to.deep.equal([
      'environment not ready (ComponentsNotReady): manager 0/2',
      '  not ready: manager 0/2 ready (scaled to 0)',
      '    last warnings and errors in its logs:',
      '    00:00:00Z manager/manager: CRITICAL gone',
      '✘ s: Failed (EnvironmentNotReady): manager 0/2',
    ]);
  });

  it('names a flaky suite if the run fails because of it', () => {
    const lenient = run([suite('s', 'Flaky', { reason: 'PassedOnRetry', message: 'passed at attempt 2' })]);
    const strict = { ...lenient, spec: { ...lenient.spec, retryPolicy: { flaky: 'Fail' as const } } };
    const rest = { reports: [], logs: [], events: [], printed: new Map() };
    expect(explainFailure({ run: strict, ...rest })).to.deep.equal([
      '✘ s: Flaky (PassedOnRetry): passed at attempt 2',
    ]);
    expect(explainFailure({ run: lenient, ...rest })).to.deep.equal([]);
  });

  it('shows five failed tests and counts the rest', () => {
    const tests = Array.from({ length: 7 }, (_, index) =>
      test(`t${index}`, { state: 'failed', error: 'no' }),
    );
    const lines = explainFailure({
      run: run([suite('s', 'Failed')]),
      reports: [report('s', tests)],
      logs: [],
      events: [],
      printed: new Map(),
    });
    expect(lines.filter((line) => line.startsWith('✘'))).to.have.length(5);
    expect(lines.at(-1)).to.equal('… and 2 more failed tests, in run.json');
  });

  it('finds the time of a test from the report if the output is lost', () => {
    const tests = [test('before', { seconds: 10 }), failed];
    const window = windowOf(report('s', tests, { startedAt: '2026-01-01T00:00:00Z' }), failed, undefined);
    const start = Date.parse('2026-01-01T00:00:00Z');
    expect(window).to.deep.equal({ from: start + 7_000, to: start + 14_000 });
  });

  it('shows lines that differ in numbers alone once', () => {
    const lines = ['2026-01-01T00:00:01Z ERROR try 1 of 9', '2026-01-01T00:00:02Z ERROR try 2 of 9'];
    expect(alarmsWithin([componentLog('agent', lines)], { from: 0, to: Date.now() * 2 })).to.have.length(1);
  });
});
