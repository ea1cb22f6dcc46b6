import { comparison } from '@backendai-e2e/results/comparison';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { runRecord } from '@backendai-e2e/results/run-record';
import { expect } from 'chai';
import { rendered } from '../terminal/output.ts';
import { compared } from './compare.ts';

const whole = (tests: Parameters<typeof report>[1]) =>
  runRecord({ run: run([suite('s', 'Passed')]), reports: [report('s', tests)] });

describe('comparing two runs', () => {
  it('finds what broke, was fixed, stayed bad, came and went', () => {
    const before = whole([
      test('a'),
      test('b', { state: 'failed' }),
      test('c', { state: 'failed' }),
      test('d'),
      test('same'),
    ]);
    const after = whole([
      test('a', { state: 'failed' }),
      test('b'),
      test('c', { state: 'interrupted' }),
      test('e'),
      test('same'),
    ]);
    const result = comparison(before, after);
    const titles = (key: 'broke' | 'fixed' | 'stillBad' | 'added' | 'gone' | 'slower') =>
      result[key].map((change) => change.title);
    expect(titles('broke')).to.deep.equal(['a']);
    expect(titles('fixed')).to.deep.equal(['b']);
    expect(titles('stillBad')).to.deep.equal(['c']);
    expect(titles('added')).to.deep.equal(['e']);
    expect(titles('gone')).to.deep.equal(['d']);
    expect(rendered(compared(result), 'table', undefined)).to.contain('1 broke, 1 fixed');
  });

  it('calls a test slower only by a wide margin', () => {
    const before = whole([test('slow', { seconds: 3 }), test('noise', { seconds: 0.1 })]);
    const after = whole([test('slow', { seconds: 7 }), test('noise', { seconds: 0.9 })]);
    expect(comparison(before, after).slower.map((change) => change.title)).to.deep.equal(['slow']);
  });

  it('looks at the deciding attempt alone', () => {
    const retried = run([suite('s', 'Flaky', { attempt: 2, report: 'run-s-2' })]);
    const first = report('s', [test('a', { state: 'failed' })]);
    const second = { ...report('s', [test('a')]), metadata: { name: 'run-s-2' } };
    const after = runRecord({ run: retried, reports: [first, second] });
    expect(comparison(whole([test('a')]), after).broke).to.deep.equal([]);
  });
});
