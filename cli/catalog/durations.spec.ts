import { expect } from 'chai';
import { plannedDurations, secondsOf, sourceInWords } from './durations.ts';

const history = new Map([['alpha', { seconds: 41.6, runs: 4 }]]);
const timings = new Map([
  ['alpha', 10],
  ['beta', 20],
]);

describe('the duration that a suite is planned with', () => {
  it('is that of the history, else that of the last whole run, else an assumed one', () => {
    const found = plannedDurations(['alpha', 'beta', 'gamma'], history, timings);
    expect([...secondsOf(found)]).to.deep.equal([
      ['alpha', 42],
      ['beta', 20],
      ['gamma', 120],
    ]);
    expect([...found.values()].map(sourceInWords)).to.deep.equal([
      'history, 4 runs',
      'suites/timings.json',
      'assumed',
    ]);
  });

  it('is that of the last whole run for every suite, without a history', () => {
    expect([...secondsOf(plannedDurations(['alpha', 'beta'], new Map(), timings))]).to.deep.equal([
      ...timings,
    ]);
  });

  it('is never zero', () => {
    const short = new Map([['alpha', { seconds: 0.2, runs: 3 }]]);
    expect(plannedDurations(['alpha'], short, timings).get('alpha')?.seconds).to.equal(1);
  });
});
