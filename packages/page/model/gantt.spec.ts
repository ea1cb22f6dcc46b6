import { expect } from 'chai';
import { ganttOf, gapsOf, type Ran } from './gantt.ts';

const ran = (suite: string, from: number, to: number, environment = 'e2e'): Ran => ({
  ...{ suite, anchor: suite, attempt: 1, claims: [], environment },
  from: from * 1000,
  to: to * 1000,
});

describe('the lanes of a run', () => {
  it('are as many for each environment as attempts ran there at once', () => {
    const { lanes } = ganttOf([ran('c', 10, 20), ran('a', 0, 10), ran('b', 5, 15), ran('d', 0, 30, 'e2e-2')]);
    expect(
      lanes.map(({ environment, slot, bars }) => [environment, slot, bars.map(({ suite }) => suite)]),
    ).to.deep.equal([
      ['e2e', 1, ['a', 'c']],
      ['e2e', 2, ['b']],
      ['e2e-2', 1, ['d']],
    ]);
  });

  it('stay one when the clocks of two pods differ by a few milliseconds', () => {
    expect(ganttOf([ran('a', 0, 10), ran('b', 9.95, 20)]).lanes).to.have.length(1);
  });

  it('show where nothing ran, until the last end', () => {
    const { lanes, from } = ganttOf([ran('a', 2, 10), ran('b', 15, 20), ran('c', 0, 30, 'x')], { from: 0 });
    expect(gapsOf(lanes[0]?.bars ?? [], from, 30_000)).to.deep.equal([
      { from: 0, to: 2_000 },
      { from: 10_000, to: 15_000 },
      { from: 20_000, to: 30_000 },
    ]);
    expect(lanes.map(({ idleSeconds }) => idleSeconds)).to.deep.equal([17, 0]);
  });

  it('of no attempts are none', () => {
    expect(ganttOf([])).to.deep.equal({ from: 0, to: 0, lanes: [], critical: [], slackSeconds: 0 });
  });
});

describe('the critical path', () => {
  it('goes back from the last end to what had to end before, in one environment', () => {
    const { critical, slackSeconds } = ganttOf([
      ran('a', 0, 10),
      ran('b', 0, 4),
      ran('c', 10, 40),
      ran('d', 5, 25),
      ran('e', 0, 35, 'e2e-2'),
    ]);
    expect(critical).to.deep.equal(['a', 'c']);
    expect(slackSeconds).to.equal(5);
  });

  it('of one lane is the lane, with nothing beside it', () => {
    const { critical, slackSeconds } = ganttOf([ran('a', 0, 10), ran('b', 12, 20)]);
    expect(critical).to.deep.equal(['a', 'b']);
    expect(slackSeconds).to.equal(0);
  });

  it('ends for attempts of no length at the same moment', () => {
    expect(ganttOf([ran('a', 5, 5), ran('b', 5, 5)]).critical).to.have.length(2);
  });
});
