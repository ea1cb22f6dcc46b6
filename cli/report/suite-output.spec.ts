import { closingLines, testLine } from '@backendai-e2e/results/printed-line';
import { expect } from 'chai';
import { test } from './run-fixtures.ts';
import { readSuiteOutput } from './suite-output.ts';

describe('reading the output of a suite', () => {
  it('reads what the runner writes, in every state', () => {
    const tests = (['passed', 'failed', 'pending', 'interrupted', 'inconclusive'] as const).map((state) =>
      test(`does › ${state} (of 5 s)`, { state, seconds: 1.25 }),
    );
    const text = ['area/one', ...tests.map(testLine)].join('\n');
    expect(readSuiteOutput(text)).to.deep.equal(
      tests.map(({ file, title, state, seconds }) => ({ file, title, state, seconds })),
    );
  });

  it('does not take quoted errors for tests', () => {
    const failed = test('a', { state: 'failed', error: '✔ looks like a test (0.10 s)' });
    const counts = { total: 1, passed: 0, failed: 1, pending: 0, interrupted: 0 };
    const closing = closingLines([failed], counts, { verdict: 'Failed' });
    const titles = readSuiteOutput(['area/one', testLine(failed), ...closing].join('\n')).map(
      (one) => one.title,
    );
    expect(titles).to.deep.equal(['a']);
  });

  it('takes the file from the line above and the time from the kubelet', () => {
    const text = [
      '2026-01-01T00:00:00.123456789Z area/two',
      '2026-01-01T00:00:01.5Z ✔ works (0.50 s)',
      '2026-01-01T00:00:01.6Z some other line',
    ].join('\n');
    expect(readSuiteOutput(text)).to.deep.equal([
      { file: 'area/two', title: 'works', state: 'passed', seconds: 0.5, at: '2026-01-01T00:00:01.5Z' },
    ]);
  });
});
