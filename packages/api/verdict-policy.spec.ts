import { expect } from 'chai';
import type { RunSuite, TestRun } from './test-run.ts';
import { VERDICTS, type Verdict } from './verdict.ts';
import { isFailure, letsRunSucceed, suitesToRerun, VERDICT_POLICY, worstOf } from './verdict-policy.ts';

const line = (name: string, verdict: Verdict, more: Partial<RunSuite> = {}): RunSuite => ({
  name,
  state: 'Finished',
  attempt: 1,
  verdict,
  ...more,
});

describe('the policy of verdicts', () => {
  const succeed: [Verdict, string | undefined, 'Pass' | 'Fail', boolean][] = [
    ['Passed', undefined, 'Fail', true],
    ['KnownIssue', 'FailedAsListed', 'Fail', true],
    ['Flaky', 'PassedOnRetry', 'Pass', true],
    ['Flaky', 'PassedOnRetry', 'Fail', false],
    ['Skipped', 'DisruptionForbidden', 'Pass', true],
    ['Skipped', 'FailFast', 'Pass', false],
    ['Failed', 'TestsFailed', 'Pass', false],
    ['NoTests', 'NoTests', 'Pass', false],
    ['Interrupted', 'TimedOut', 'Pass', false],
    ['Inconclusive', 'CouldNotSee', 'Pass', false],
  ];
  for (const [verdict, reason, flaky, expected] of succeed) {
    it(`${expected ? 'lets a run succeed' : 'keeps a run from succeeding'} with ${verdict} (${reason ?? 'no reason'}), flaky: ${flaky}`, () => {
      const seen = { verdict, ...(reason ? { reason } : {}) };
      expect(letsRunSucceed(seen, { retryPolicy: { flaky } })).to.equal(expected);
    });
  }

  it('counts a suite without a verdict as a failure, and one that failFast skipped as none', () => {
    expect(isFailure({}, {})).to.equal(true);
    expect(isFailure({ verdict: 'Skipped', reason: 'FailFast' }, {})).to.equal(false);
    expect(isFailure({ verdict: 'Flaky' }, { retryPolicy: { flaky: 'Fail' } })).to.equal(true);
    expect(isFailure({ verdict: 'Flaky' }, {})).to.equal(false);
  });

  it('does not let a rerun of failures succeed with a suite that skipped its tests', () => {
    const skipped = { verdict: 'Skipped', reason: 'AllSkipped' } as const;
    expect(letsRunSucceed(skipped, { rerunFailedOf: 'before' })).to.equal(false);
    expect(isFailure(skipped, { rerunFailedOf: 'before' })).to.equal(true);
    expect(letsRunSucceed(skipped, {})).to.equal(true);
  });

  it('gives each verdict a rank and a mark of its own', () => {
    const rows = VERDICTS.map((verdict) => VERDICT_POLICY[verdict]);
    expect(new Set(rows.map(({ rank }) => rank))).to.have.length(VERDICTS.length);
    expect(new Set(rows.map(({ mark }) => mark))).to.have.length(VERDICTS.length);
  });

  it('takes a failure before anything else, and a flaky suite before one that passed', () => {
    expect(worstOf(['Passed', 'Flaky', 'Failed', 'NoTests'])).to.equal('Failed');
    expect(worstOf(['Skipped', 'KnownIssue', 'Passed', 'Flaky'])).to.equal('Flaky');
    expect(worstOf([])).to.equal(undefined);
  });

  it('runs again what failed and what failFast skipped, each suite once', () => {
    const run: Pick<TestRun, 'spec' | 'status'> = {
      spec: { environmentRef: { name: 'e' }, failFast: true },
      status: {
        suites: [
          line('passed', 'Passed'),
          line('failed', 'Failed'),
          line('left-out', 'Skipped', { reason: 'FailFast' }),
          line('audit', 'Failed', { environment: 'e' }),
          line('audit-f', 'Failed', { suite: 'audit', environment: 'f' }),
          line('forbidden', 'Skipped', { reason: 'DisruptionForbidden' }),
        ],
      },
    };
    expect(suitesToRerun(run)).to.deep.equal(['failed', 'left-out', 'audit']);
  });
});
