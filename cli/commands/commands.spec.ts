import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { totalOf } from '@backendai-e2e/tools/program/count';
import { crdsCommand, docsCommand, judged, testSummary } from '@backendai-e2e/tools/program/test';
import { expect } from 'chai';

describe('make test', () => {
  const tally = { passed: 3, failed: 0, pending: 1, failures: [] };

  it('counts a check as one, and its failure by its exit code', () => {
    expect(judged('types', 0, undefined)).to.include({ passed: 1, failed: 0 });
    expect(judged('types', 2, undefined)).to.deep.include({
      failed: 1,
      failures: ['types ended with exit code 2'],
    });
  });

  it('does not accept a failed program, or one that ran nothing, as a success', () => {
    expect(judged('unit', 7, tally)).to.include({ failed: 1 });
    expect(judged('unit', 0, { ...tally, passed: 0 })).to.include({ failed: 1 });
    expect(judged('unit', 0, tally)).to.equal(tally);
  });

  it('ends with the sums and names what failed', () => {
    const failed = { passed: 1, failed: 1, pending: 0, failures: ['a b'] };
    const lines = testSummary([
      { name: 'unit', tally, seconds: 1 },
      { name: 'api', tally: failed, seconds: 2 },
    ]);
    expect(lines.slice(-2)).to.deep.equal(['✘ api: a b', 'make test: 4 passed, 1 failed']);
  });
});

describe('the last line of CI', () => {
  const counts = { total: 5, passed: 4, failed: 0, pending: 0, interrupted: 1 };
  const tests = [{ name: 'unit', tally: { passed: 10, failed: 0, pending: 0, failures: [] }, seconds: 1 }];

  it("adds the project's tests and the suites' tests", () => {
    expect(
      totalOf(tests, [run([suite('s', 'Passed', { counts: { ...counts, interrupted: 0 } })])]),
    ).to.deep.equal({
      passed: 14,
      failed: 0,
    });
  });

  it('counts interrupted tests and suites without a test as failures', () => {
    const bad = run([
      suite('s', 'Interrupted', { counts }),
      suite('t', 'Failed', { reason: 'EnvironmentNotReady' }),
    ]);
    expect(totalOf(tests, [bad])).to.deep.equal({ passed: 14, failed: 2 });
  });

  it('counts a flaky suite as a failure where the run says that it fails', () => {
    const lenient = run([suite('s', 'Flaky', { counts: { ...counts, interrupted: 0 } })]);
    const strict = { ...lenient, spec: { ...lenient.spec, retryPolicy: { flaky: 'Fail' as const } } };
    expect(totalOf(tests, [lenient])).to.deep.equal({ passed: 14, failed: 0 });
    expect(totalOf(tests, [strict])).to.deep.equal({ passed: 14, failed: 1 });
  });

  it('counts a part without a result as a failure', () => {
    expect(totalOf(undefined, [undefined])).to.deep.equal({ passed: 0, failed: 2 });
    expect(totalOf(tests, [undefined])).to.deep.equal({ passed: 10, failed: 1 });
  });

  it('adds up every job, and counts a failure for each that left no result', () => {
    const good = run([suite('s', 'Passed', { counts: { ...counts, interrupted: 0 } })]);
    expect(totalOf(tests, [good, good])).to.deep.equal({ passed: 18, failed: 0 });
    expect(totalOf(tests, [good, undefined])).to.deep.equal({ passed: 14, failed: 1 });
    expect(totalOf(tests, [run([]), good])).to.deep.equal({ passed: 14, failed: 1 });
  });
});

describe('make crds and make docs', function () {
  this.timeout(60_000);

  it('write what they promise', async () => {
    expect([await crdsCommand(), await docsCommand()]).to.deep.equal([0, 0]);
  });
});
