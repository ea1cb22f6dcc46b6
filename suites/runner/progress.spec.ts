import { expect } from 'chai';
import { Progress } from './progress.ts';

const START = new Date('2026-01-01T00:00:00Z');
const test = (title: string) => ({ file: 'area/one', title });

describe('the progress of an attempt', () => {
  const [first, second, third] = [test('first'), test('second'), test('third')];
  const planned = () => {
    const progress = new Progress(START);
    progress.plan([first, second, third]);
    return progress;
  };
  const states = ({ tests }: Progress) => tests.map(({ title, state }) => [title, state]);
  const status = (progress: Progress) => progress.status(new Date(START.getTime() + 60_000), {}, []);

  it('passes only if every planned test ended', () => {
    const whole = planned();
    for (const each of [first, second, third]) whole.end(each, { state: 'passed' }, 1);
    expect(whole.finish(START)).to.deep.equal([]);
    expect(whole.outcome?.verdict).to.equal('Passed');
    const part = planned();
    part.end(first, { state: 'passed' }, 1);
    expect(part.finish(START).map(({ state }) => state)).to.deep.equal(['interrupted', 'interrupted']);
    expect(part.outcome?.verdict).to.equal('Interrupted');
  });

  it('ends a test once: a second end changes nothing', () => {
    const progress = planned();
    progress.end(first, { state: 'failed', error: 'wrong' }, 1);
    expect(progress.end(first, { state: 'passed' }, 1)).to.equal(undefined);
    expect(states(progress)).to.deep.equal([['first', 'failed']]);
  });

  it('turns a test that passed into a failed one for a later error, and keeps its own error', () => {
    const progress = planned();
    progress.end(first, { state: 'passed' }, 1);
    progress.end(second, { state: 'known-issue', error: 'listed' }, 1);
    expect(progress.failLater(first, 'failed', 'done() called twice')).to.include({ state: 'failed' });
    expect(progress.failLater(second, 'inconclusive', 'late')).to.include({
      ...{ state: 'known-issue', error: 'listed\nlate' },
    });
    expect(progress.failLater(third, 'failed', 'it has not ended')).to.equal(undefined);
    expect(states(progress)[0]).to.deep.equal(['first', 'failed']);
  });

  it('fails for a failed hook, and is unsure for an unsure one before it', () => {
    const failed = planned();
    failed.hookFailed(test('"before all" hook'), 'failed', 1, 'no');
    expect(failed.finish(START).map(({ error }) => error)).to.deep.equal(
      Array(3).fill('not run: a hook before it did not succeed'),
    );
    expect(failed.outcome?.verdict).to.equal('Failed');
    const unsure = planned();
    unsure.hookFailed(test('"before all" hook'), 'inconclusive', 1, 'no');
    unsure.finish(START);
    expect(unsure.outcome?.verdict).to.equal('Inconclusive');
  });

  it('is interrupted once: the running test differs from those that never began', () => {
    const progress = planned();
    progress.begin(first, 1_000, START);
    const closed = progress.interrupt({ reason: 'DeadlineExceeded', message: 'too late' }, 3_500);
    expect(closed.map(({ seconds, error }) => [seconds, error])).to.deep.equal([
      [2.5, 'interrupted while it ran: too late'],
      [0, 'not run: too late'],
      [0, 'not run: too late'],
    ]);
    expect(progress.interrupt({ reason: 'DeadlineExceeded', message: 'again' }, 4_000)).to.deep.equal([]);
    progress.finish(START);
    expect(progress.outcome).to.include({ verdict: 'Interrupted', reason: 'DeadlineExceeded' });
  });

  it('counts tests that a hook makes', () => {
    const progress = planned();
    const made = test('made');
    progress.planMore(made);
    for (const each of [first, second, third, made]) progress.end(each, { state: 'passed' }, 0);
    expect(progress.counts).to.include({ total: 4, passed: 4 });
    const ids = progress.tests.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(4);
  });

  it('shows the current test until the end, and only then is final', () => {
    const progress = planned();
    progress.begin(first, 0, START);
    expect(status(progress)).to.include({ current: 'first', seconds: 60 }).and.not.have.property('final');
    expect(status(progress)).not.to.have.property('verdict');
    progress.end(first, { state: 'passed' }, 1);
    expect(status(progress), 'between two tests').not.to.have.property('current');
    expect(progress.tests[0]).to.include({ startedAt: START.toISOString() });
    progress.finish(new Date(START.getTime() + 5_000));
    expect(status(progress)).to.include({ final: true, seconds: 5, verdict: 'Interrupted' });
    expect(status(progress)).not.to.have.property('current');
  });

  it('keeps long hooks that passed, not short ones', () => {
    const progress = planned();
    progress.hookPassed(test('short'), START, 0.05);
    progress.hookPassed(test('long'), START, 0.25);
    expect(status(progress).hooks?.map(({ title, seconds }) => [title, seconds])).to.deep.equal([
      ['long', 0.25],
    ]);
  });
});
