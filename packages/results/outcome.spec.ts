import type { TestState } from '@backendai-e2e/api/verdict';
import { expect } from 'chai';
import {
  couldNotRun,
  countTests,
  decideOutcome,
  exitCode,
  type Interruption,
  type Outcome,
} from './outcome.ts';
import type { TestRecord } from './test-record.ts';

const tests = (...states: TestState[]): TestRecord[] =>
  states.map((state, index) => ({
    id: String(index),
    file: 'area/file',
    title: `test ${index}`,
    state,
    seconds: 0,
    ...(state === 'passed' || state === 'pending' ? {} : { error: `why ${index}\nat somewhere` }),
  }));
const deadline = { reason: 'DeadlineExceeded', message: 'too late' } as const;

const VERDICTS: { title: string; of: TestState[]; interruption?: Interruption; outcome: Outcome }[] = [
  {
    title: 'is Passed only if every test that ran passed',
    of: ['passed', 'pending', 'passed'],
    outcome: { verdict: 'Passed' },
  },
  {
    title: 'is Failed with one failure, whatever else there is, and names the first',
    of: ['passed', 'inconclusive', 'failed', 'failed', 'interrupted'],
    outcome: { verdict: 'Failed', reason: 'TestsFailed', message: 'test 2: why 2 (and 1 more)' },
  },
  {
    title: 'is Failed with the reason of the deadline if a test failed before it',
    of: ['failed', 'interrupted'],
    interruption: deadline,
    outcome: { verdict: 'Failed', reason: 'DeadlineExceeded', message: 'test 0: why 0' },
  },
  {
    title: 'is Interrupted if the deadline passed and nothing failed',
    of: ['passed', 'inconclusive', 'interrupted'],
    interruption: deadline,
    outcome: { verdict: 'Interrupted', ...deadline },
  },
  {
    title: 'is Interrupted if a test never ran',
    of: ['passed', 'inconclusive', 'interrupted'],
    outcome: { verdict: 'Interrupted', reason: 'NotRun', message: 'test 2: why 2' },
  },
  {
    title: 'is Inconclusive if a test could not see what it claims',
    of: ['passed', 'known-issue', 'inconclusive'],
    outcome: { verdict: 'Inconclusive', reason: 'CouldNotSee', message: 'test 2: why 2' },
  },
  {
    title: 'is KnownIssue if nothing but listed failures went wrong',
    of: ['passed', 'known-issue', 'pending', 'known-issue'],
    outcome: { verdict: 'KnownIssue', reason: 'FailedAsListed', message: 'test 1: why 1 (and 1 more)' },
  },
  {
    title: 'is Failed if a test fails beside a known issue',
    of: ['known-issue', 'failed'],
    outcome: { verdict: 'Failed', reason: 'TestsFailed', message: 'test 1: why 1' },
  },
  {
    title: 'is Interrupted if a test never ran beside a known issue',
    of: ['known-issue', 'interrupted'],
    outcome: { verdict: 'Interrupted', reason: 'NotRun', message: 'test 1: why 1' },
  },
  {
    title: 'is NoTests without a test',
    of: [],
    outcome: { verdict: 'NoTests', reason: 'NoTests', message: 'no test of the suite matches' },
  },
  {
    title: 'is Skipped if the suite skipped all tests',
    of: ['pending'],
    outcome: { verdict: 'Skipped', reason: 'AllSkipped', message: 'the suite skipped every test itself' },
  },
];

describe('the verdict of an attempt', () => {
  for (const { title, of, interruption, outcome } of VERDICTS) {
    it(title, () => expect(decideOutcome(tests(...of), interruption)).to.deep.equal(outcome));
  }

  it('gives every outcome its exit code', () => {
    const codes = [
      decideOutcome(tests('passed'), undefined),
      decideOutcome(tests('failed'), undefined),
      decideOutcome(tests('inconclusive'), undefined),
      decideOutcome(tests('interrupted'), deadline),
      couldNotRun('no such file'),
      decideOutcome([], undefined),
      decideOutcome(tests('known-issue'), undefined),
    ].map(exitCode);
    expect(codes).to.deep.equal([0, 1, 1, 1, 2, 3, 0]);
  });

  it('counts planned tests and failed hooks', () => {
    const counts = countTests(tests('passed', 'failed', 'failed', 'inconclusive', 'known-issue'), 6, 1);
    expect(counts).to.deep.equal({
      total: 7,
      passed: 1,
      failed: 2,
      pending: 0,
      interrupted: 0,
      inconclusive: 1,
      knownIssue: 1,
    });
  });
});
