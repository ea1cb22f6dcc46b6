import { recordedNames } from '@backendai-e2e/results/history/derive';
import { pastRun, pastSuite, pastTest } from '@backendai-e2e/results/history/history-fixtures';
import type { HistoryTest } from '@backendai-e2e/results/history/record';
import { expect } from 'chai';
import { firstBadOf } from './first-bad.ts';
import { pastOf } from './past-runs.ts';

const run = (day: number, ...tests: HistoryTest[]) => pastRun(day, [pastSuite('s', tests)]);
const bad = (state: HistoryTest['state'] = 'failed') => pastTest('t', { state, error: 'no' });
const good = pastTest('t');
const FAILURE = { suite: 's', file: 'area/one', title: 't' };

/** Runs oldest first; the answer in names of runs. */
function firstBad(runs: Parameters<typeof pastOf>[0], failure = FAILURE) {
  const { past, tests } = pastOf(runs);
  const found = firstBadOf(failure, past, tests);
  const name = (place: number | undefined) => (place === undefined ? undefined : past.runs[place]?.name);
  return found && [name(found.run), found.bad, name(found.good)];
}

describe('the first bad run of a failure', () => {
  it('is the oldest of the unbroken row, after the last good run', () => {
    const runs = [run(1, bad()), run(2, good), run(3, bad()), run(4, bad('inconclusive')), run(5, bad())];
    expect(firstBad(runs)).to.deep.equal(['run-3', 3, 'run-2']);
  });

  it('is this run where the last one was good', () => {
    expect(firstBad([run(1, bad()), run(2, good), run(3, bad())])).to.deep.equal(['run-3', 1, 'run-2']);
  });

  it('is looked for beyond runs that skipped the test or did not have it', () => {
    const skipped = pastTest('t', { state: 'pending' });
    const runs = [run(1, good), run(2, bad()), run(3, skipped), run(4, pastTest('other')), run(5, bad())];
    expect(firstBad(runs)).to.deep.equal(['run-2', 2, 'run-1']);
  });

  it('is the oldest that the history has, without a good run', () => {
    expect(firstBad([run(1, bad('known-issue')), run(2, bad('known-issue'))])).to.deep.equal([
      ...['run-1', 2, undefined],
    ]);
  });

  it('is unknown to a history that never ran the test', () => {
    expect(firstBad([run(1, pastTest('other')), run(2, bad())])).to.equal(undefined);
  });

  it('is found by a title that the history had to cut, or to make printable', () => {
    const title = `\u001b[1mt\u202e ${'long '.repeat(400)}`;
    const cut = recordedNames({ ...FAILURE, title }).title;
    expect(cut.length).to.be.below(title.length);
    const runs = [run(1, pastTest(cut)), run(2, pastTest(cut, { state: 'failed' }))];
    expect(firstBad(runs, { ...FAILURE, title })).to.deep.equal(['run-2', 1, 'run-1']);
  });

  it('of a suite that failed without a test follows the verdicts of the suite', () => {
    const whole = (day: number, verdict: 'Passed' | 'Interrupted') =>
      pastRun(day, [pastSuite('s', [], { verdict })]);
    const runs = [whole(1, 'Passed'), whole(2, 'Interrupted'), whole(3, 'Interrupted')];
    expect(firstBad(runs, { suite: 's', file: '', title: 'OOMKilled' })).to.deep.equal(['run-2', 2, 'run-1']);
  });
});
