import type { ReportedTest } from '@backendai-e2e/api/test-report';
import { expect } from 'chai';
import { couldNotRun, countTests, decideOutcome, exitCode } from './outcome.ts';

const tests = (...states: ReportedTest['state'][]): ReportedTest[] =>
  states.map((state, index) => ({
    id: String(index),
    file: 'area/file',
    title: `test ${index}`,
    state,
    seconds: 0,
    ...(state === 'passed' || state === 'pending' ? {} : { error: `why ${index}\nat somewhere` }),
  }));
const deadline = { reason: 'DeadlineExceeded', message: 'too late' } as const;

describe('the verdict of an attempt', () => {
  it('is Passed only when every test that ran passed', () => {
    expect(decideOutcome(tests('passed', 'pending', 'passed'), undefined)).to.deep.equal({
      verdict: 'Passed',
    });
  });
  it('is Failed with one failure, whatever else there is, and names the first', () => {
    const outcome = decideOutcome(
      tests('passed', 'inconclusive', 'failed', 'failed', 'interrupted'),
      undefined,
    );
    expect(outcome).to.deep.equal({
      verdict: 'Failed',
      reason: 'TestsFailed',
      message: 'test 2: why 2 (and 1 more)',
    });
  });
  it('is Failed for a reason of time when a test failed before the deadline struck', () => {
    expect(decideOutcome(tests('failed', 'interrupted'), deadline)).to.include({
      verdict: 'Failed',
      reason: 'DeadlineExceeded',
    });
  });
  it('is Interrupted when the deadline struck and nothing failed', () => {
    expect(decideOutcome(tests('passed', 'inconclusive', 'interrupted'), deadline)).to.deep.equal({
      verdict: 'Interrupted',
      ...deadline,
    });
  });
  it('is Inconclusive when a test could not see what it claims', () => {
    expect(decideOutcome(tests('passed', 'inconclusive'), undefined)).to.include({ verdict: 'Inconclusive' });
  });
  it('is KnownIssue when nothing but listed failures went wrong', () => {
    expect(decideOutcome(tests('passed', 'known-issue', 'pending', 'known-issue'), undefined)).to.deep.equal({
      verdict: 'KnownIssue',
      reason: 'FailedAsListed',
      message: 'test 1: why 1 (and 1 more)',
    });
    const worse = ['failed', 'interrupted', 'inconclusive'] as const;
    const verdicts = worse.map((state) => decideOutcome(tests('known-issue', state), undefined).verdict);
    expect(verdicts).to.deep.equal(['Failed', 'Interrupted', 'Inconclusive']);
  });
  it('is NoTests without a test and Skipped when the suite skipped all', () => {
    expect(decideOutcome([], undefined).verdict).to.equal('NoTests');
    expect(decideOutcome(tests('pending'), undefined).verdict).to.equal('Skipped');
  });
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
    expect(
      countTests(tests('passed', 'failed', 'failed', 'inconclusive', 'known-issue'), 6, 1),
    ).to.deep.equal({
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
