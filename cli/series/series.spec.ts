import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { runRecord } from '@backendai-e2e/results/run-record';
import { expect } from 'chai';
import { sightOf } from './sight.ts';
import { isInterrupted, sightOfTrial, trialOf } from './trial.ts';

const passed = { code: 0, sentence: 'AllPassed: 1 of 1' } as const;
const failed = { code: 1, sentence: 'SuitesFailed: 1 of 1' } as const;
const recordOf = (...tests: Parameters<typeof report>[1]) =>
  runRecord({ run: run([suite('s', 'Failed')]), reports: [report('s', tests)] });

describe('what tests say about a Backend.AI', () => {
  it('is red when one failed, and names the test with the first line of its error', () => {
    const tests = [test('a › b'), test('a › c', { state: 'failed', error: 'expected 200\nat line 3' })];
    expect(sightOf(tests)).to.deep.equal({ color: 'red', said: 'a › c: expected 200' });
  });
  it('is red for a known issue as well: the list does not decide what is right', () => {
    expect(sightOf([test('a', { state: 'known-issue', error: 'no' })]).color).to.equal('red');
  });
  it('is green only when all passed', () => {
    expect(sightOf([test('a'), test('b'), test('c', { state: 'pending' })])).to.deep.equal({
      color: 'green',
      said: '2 passed',
    });
  });
  for (const state of ['inconclusive', 'interrupted'] as const) {
    it(`is unknown when a test is ${state} and none failed`, () => {
      const sight = sightOf([test('a'), test('b', { state, error: 'no fault' })]);
      expect(sight).to.deep.equal({ color: 'unknown', said: `${state}: b: no fault` });
    });
  }
  it('is unknown when no test ran, or all were skipped', () => {
    expect(sightOf([])).to.deep.equal({ color: 'unknown', said: 'no test ran' });
    expect(sightOf([test('a', { state: 'pending' })]).color).to.equal('unknown');
  });
});

describe('a job of a series', () => {
  it('keeps the tests of each suite', () => {
    const trial = trialOf({ ending: failed, run: recordOf(test('a', { state: 'failed', error: 'no' })) });
    expect(trial.why).to.equal(undefined);
    expect([...trial.tests.keys()]).to.deep.equal(['s']);
    expect(trial.verdicts.get('s')).to.equal('Failed');
    expect(sightOfTrial(trial)).to.deep.equal({ color: 'red', said: 'a: no' });
  });
  it('says in one line why no test ran', () => {
    const ending = { code: 2, sentence: 'EnvironmentFailed: bootstrap failed\n  more' } as const;
    const trial = trialOf({ ending, run: runRecord({ run: run([suite('s', 'Failed')]), reports: [] }) });
    expect(sightOfTrial(trial)).to.deep.equal({
      color: 'unknown',
      said: 'EnvironmentFailed: bootstrap failed',
    });
  });
  it('names the reason of a suite that was skipped', () => {
    const line = suite('s', 'Skipped', { message: 'needs Backend.AI since 26.9.0' });
    const trial = trialOf({ ending: passed, run: runRecord({ run: run([line]), reports: [] }) });
    expect(trial.why).to.equal('needs Backend.AI since 26.9.0');
  });
  it('separates an interruption from a result', () => {
    const trial = trialOf({ ending: { code: 130, sentence: 'stopped by SIGINT' } });
    expect(isInterrupted(trial)).to.equal(true);
    expect(trial.why).to.equal('stopped by SIGINT');
  });
});
