import { condition, testReport, testRun } from '@backendai-e2e/api/object-fixtures';
import type { RunSuite } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { diceOf, oneOf } from './dice.ts';
import { emptyResult, inWords, leaksOf } from './result.ts';
import { type PlayedRun, wrongArchive, wrongResults } from './runner.ts';

const line = (more: Partial<RunSuite> = {}): RunSuite => ({
  ...{ name: 'alpha', state: 'Finished', attempt: 1, report: 'run-alpha-1', verdict: 'Passed' },
  ...more,
});
const wrong = (lines: RunSuite[], reported: [string, 'Passed' | 'Failed'][], cancelled = false) => {
  const played: PlayedRun = { name: 'run', cancelled, reported: new Map(reported) };
  return wrongResults(testRun('run', { status: { suites: lines } }), played);
};

describe('the soak', () => {
  it('accepts what the attempts reported, and interrupted ones of a cancelled run', () => {
    expect(wrong([line()], [['run-alpha-1', 'Passed']])).to.deep.equal([]);
    const retried = line({ attempt: 2, report: 'run-alpha-2', verdict: 'Flaky' });
    const both: [string, 'Passed' | 'Failed'][] = [
      ['run-alpha-1', 'Failed'],
      ['run-alpha-2', 'Passed'],
    ];
    expect(wrong([retried], both)).to.deep.equal([]);
    expect(wrong([line({ verdict: 'Interrupted' })], [], true)).to.deep.equal([]);
  });

  it('notices a lost, a changed and a doubled result', () => {
    expect(wrong([line({ verdict: 'Interrupted' })], [['run-alpha-1', 'Passed']])).to.have.length(1);
    expect(wrong([line({ verdict: 'Failed' })], [['run-alpha-1', 'Passed']])).to.have.length(1);
    expect(wrong([line({ state: 'Running' })], [])).to.deep.equal(['alpha is Running']);
    const twice = [line(), line()];
    expect(wrong(twice, [['run-alpha-1', 'Passed']])).to.deep.equal(['run has a suite twice']);
    const more: [string, 'Passed' | 'Failed'][] = [
      ['run-alpha-1', 'Passed'],
      ['run-alpha-2', 'Passed'],
    ];
    expect(wrong([line()], more)).to.deep.equal(['alpha has 1 attempts, and 2 reported']);
  });

  it('notices an attempt that is not archived', () => {
    const archived = (status: 'True' | 'False') =>
      testReport('alpha', { status: { conditions: [condition('Archived', status, 'x')] } });
    expect(wrongArchive(archived('True'))).to.equal(undefined);
    expect(wrongArchive(archived('False'))).to.include('is not archived');
    expect(wrongArchive(testReport('alpha'))).to.include('no condition says why');
  });

  it('notices growth after the first runs', () => {
    const grown = { ...emptyResult(1), runs: 6, heapMiB: { before: 50, after: 99 } };
    expect(leaksOf(grown)).to.deep.equal(['the heap grew from 50 to 99 MiB']);
    expect(leaksOf({ ...grown, handles: { before: 10, after: 51 } })).to.have.length(2);
    expect(leaksOf({ ...grown, runs: 5 })).to.deep.equal([]);
    expect(inWords({ ...grown, problems: leaksOf(grown) }).at(-1)).to.match(/^problem: the heap grew/);
  });

  it('repeats its chances from a seed', () => {
    const throws = (seed: number) => {
      const dice = diceOf(seed);
      return Array.from({ length: 20 }, () => oneOf(dice, [1, 2, 3, 4, 5, 6]));
    };
    expect(throws(7)).to.deep.equal(throws(7));
    expect(throws(7)).to.not.deep.equal(throws(8));
    expect(new Set(throws(7)).size).to.be.greaterThan(3);
  });
});
