import { reported } from '@backendai-e2e/results/reporter';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { runRecord } from '@backendai-e2e/results/run-record';
import { expect } from 'chai';
import { terminalReporter } from './terminal-summary.ts';

const counts = { total: 3, passed: 1, failed: 1, pending: 1, interrupted: 0 };
const tests = [
  test('fine'),
  test('red', { state: 'failed', error: 'expected 1\n  at x' }),
  test('later', { state: 'pending' }),
];

describe('a run on a terminal', () => {
  it('has a header, a row for each suite, totals, and the tests that did not pass', () => {
    const lines = [
      suite('one', 'Failed', { counts, reason: 'TestsFailed' }),
      suite('two', 'Flaky', { attempt: 2, seconds: 75 }),
    ];
    const failed = run(lines, { status: 'False', reason: 'SuitesFailed' });
    const status = { ...failed.status, phase: 'Failed', verdict: 'Failed' as const, counts };
    const record = runRecord({ run: { ...failed, status }, reports: [report('one', tests)] });
    const text = reported(terminalReporter(undefined), record);
    expect(text.split('\n').map((line) => line.replace(/ +/g, ' ').trim())).to.deep.equal([
      'run in environment e2e: Failed',
      'SuitesFailed: because SuitesFailed',
      '',
      'suite verdict passed failed known skipped interrupted time',
      '──────── ─────── ────── ────── ───── ─────── ─────────── ───── ───────────',
      'one Failed 1 1 1 0 2.0 s TestsFailed',
      'two Flaky 75 s attempt 2',
      '2 suites Failed 1 1 1 0',
      '',
      'test error',
      '─ ───────────── ──────────',
      '✘ area/one: red expected 1',
      '',
    ]);
  });

  it('lists what failed before known issues, which may be many', () => {
    const known = (title: string) => test(title, { state: 'known-issue', error: 'known' });
    const some = [known('old'), test('red', { state: 'failed', error: 'no' }), known('older')];
    const record = runRecord({ run: run([suite('one', 'Failed')]), reports: [report('one', some)] });
    const text = reported(terminalReporter(undefined), record);
    expect([...text.matchAll(/^[✘≈] +\S+: (\w+)/gm)].map(([, title]) => title)).to.deep.equal([
      'red',
      'old',
      'older',
    ]);
  });

  it('says that a run is new before the operator saw it', () => {
    const record = runRecord({ run: { ...run([]), status: {} }, reports: [] });
    expect(reported(terminalReporter(undefined), record)).to.match(/^run in environment e2e: New\n/);
  });
});
