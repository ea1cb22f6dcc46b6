import type { TestRecord } from '@backendai-e2e/results/test-record';
import { expect } from 'chai';
import type { Defect } from './defect-list.ts';
import { judge } from './judge.ts';

const DEFECT: Defect = {
  name: 'a',
  component: 'manager',
  kind: 'false answer',
  wrong: 'It lies.',
  way: { by: 'withheld', host: 's3' },
  suites: ['s', 't'],
  says: /manager/i,
};
const test = (title: string, state: TestRecord['state'], error?: string): TestRecord => ({
  id: title,
  file: 'a/b',
  title,
  state,
  seconds: 1,
  ...(error ? { error } : {}),
});
const judged = (tests: Record<string, TestRecord[]>) => judge(DEFECT, new Map(Object.entries(tests)));

describe('judging a planted defect', () => {
  it('is caught by the suites whose message names it, with the first such message', () => {
    const outcome = judged({
      s: [test('other', 'failed', 'timeout'), test('it lies', 'failed', 'Error: the Manager lies\n at …')],
      t: [test('fine', 'passed')],
    });
    expect(outcome).to.deep.equal({
      name: 'a',
      state: 'caught',
      seenBy: ['s'],
      said: 'it lies: Error: the Manager lies',
      failure: { suite: 's', title: 'it lies', error: 'Error: the Manager lies\n at …' },
    });
  });

  it('is not caught by words below the first line of an error', () => {
    const outcome = judged({ s: [test('it', 'failed', 'timeout\n the manager answered 200')] });
    expect([outcome.state, outcome.seenBy, outcome.said]).to.deep.equal(['unnamed', [], 'it: timeout']);
  });

  it('is not caught by a failed hook, whose title has that of the test after it', () => {
    const hook = 'a session › "before all" hook: a session runs for "the manager says so"';
    const { state, said } = judged({ s: [test(hook, 'failed', 'Error: Timeout of 100000ms')] });
    expect([state, said]).to.deep.equal([
      'unnamed',
      'a session › "before all" hook: a session runs: Error: Timeout of 100000ms',
    ]);
  });

  it('is not caught by a suite that the row does not name', () => {
    expect(judged({ u: [test('the manager', 'failed', 'x')] }).said).to.equal('no test ran');
  });

  it('is missed when tests pass, are known issues or are inconclusive', () => {
    const tests = [test('a', 'passed'), test('manager', 'inconclusive', 'manager'), test('c', 'known-issue')];
    expect(judged({ s: tests })).to.include({ state: 'missed', said: '3 tests, none failed' });
  });

  it('is not caught by a message that could name another defect of the group in the same suite', () => {
    const other: Defect = { ...DEFECT, name: 'b', suites: ['s'], says: /manager lies/i };
    const tests = new Map([
      ['s', [test('it', 'failed', 'the manager lies'), test('it', 'failed', 'the manager steals')]],
      ['t', [test('it', 'failed', 'the manager lies')]],
    ]);
    const { state, seenBy, said } = judge(DEFECT, tests, [DEFECT, other]);
    expect([state, seenBy, said]).to.deep.equal(['caught', ['s', 't'], 'it: the manager steals']);
    expect(judge(other, tests, [DEFECT, other]).state).to.equal('unnamed');
  });
});
