import type { SuiteTraits } from '@backendai-e2e/scheduling/starts';
import { expect } from 'chai';
import { ganttOf, type Ran } from './gantt.ts';

const ran = (suite: string, from: number, to: number, environment = 'e2e', traits?: SuiteTraits): Ran => ({
  ...{ suite, anchor: suite, attempt: 1, claims: [], environment, traits },
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

  it('are others for suites that mostly wait, which are never idle', () => {
    const { lanes } = ganttOf([
      ran('a', 0, 10),
      ran('expiry', 2, 30, 'e2e', { waits: true }),
      ran('b', 10, 20),
    ]);
    expect(lanes.map(({ waits, slot, idleSeconds }) => [waits, slot, idleSeconds])).to.deep.equal([
      [undefined, 1, 10],
      [true, 1, 0],
    ]);
  });

  it('show where nothing ran, until the last end', () => {
    const { lanes } = ganttOf([ran('a', 2, 10), ran('b', 15, 20), ran('c', 0, 30, 'x')], { from: 0 });
    expect(lanes[0]?.gaps.map(({ from, to, kind }) => [from / 1000, to / 1000, kind])).to.deep.equal([
      [0, 2, 'start'],
      [10, 15, 'start'],
      [20, 30, 'end'],
    ]);
    expect(lanes.map(({ idleSeconds }) => idleSeconds)).to.deep.equal([17, 0]);
  });

  it('of no attempts are none', () => {
    expect(ganttOf([])).to.deep.equal({ from: 0, to: 0, lanes: [], critical: [], gains: [] });
  });
});

describe('a gap of a lane', () => {
  const manager = { needs: ['manager'], claims: ['manager'] };
  const whyOf = (...attempts: Ran[]) =>
    ganttOf(attempts).lanes.flatMap(({ gaps }) => gaps.map(({ why }) => why));

  it('names the suite that held a component which the next one needs', () => {
    const attempts = [
      ran('failover', 0, 30, 'e2e', manager),
      ran('upload', 0, 5, 'e2e', { needs: ['storage-proxy'] }),
      ran('login', 30, 40, 'e2e', { needs: ['manager'] }),
      ran('quota', 30, 40, 'e2e', { needs: ['manager'] }),
    ];
    expect(whyOf(...attempts)).to.deep.equal(['login waited for failover: both use manager']);
  });

  it('names the suite that ran alone', () => {
    const attempts = [
      ran('alone', 0, 20, 'e2e', { exclusive: true, needs: ['manager'] }),
      ran('a', 20, 30, 'e2e', { needs: ['manager'] }),
      ran('b', 20, 30, 'e2e', { needs: ['manager'] }),
    ];
    expect(whyOf(...attempts)).to.deep.equal(['a waited for alone: one of them runs alone']);
  });

  it('before the first suite is that of the environment', () => {
    const { lanes } = ganttOf([ran('a', 50, 60), ran('b', 50, 70)], { from: 0 });
    expect(lanes.map(({ gaps }) => gaps[0]?.why)).to.deep.equal(
      Array.from({ length: 2 }, () => 'the environment was not ready yet'),
    );
  });

  it('is a start where nothing stood against the next suite', () => {
    const attempts = [ran('a', 0, 20, 'e2e', { needs: ['x'] }), ran('b', 8, 30, 'e2e', { needs: ['y'] })];
    expect(whyOf(...attempts)).to.deep.equal([
      ...['no suite was left', 'b was starting, or waited for a component'],
    ]);
  });
});

describe('the critical path', () => {
  it('goes back from the last end to what had to end before, in one environment', () => {
    const { critical, gains } = ganttOf([
      ran('a', 0, 10),
      ran('b', 0, 4),
      ran('c', 10, 40),
      ran('d', 5, 25),
      ran('e', 0, 35, 'e2e-2'),
    ]);
    expect(critical).to.deep.equal(['a', 'c']);
    expect(gains.at(-1)).to.equal(5);
  });

  it('of one lane is the lane, and each suite brings its own seconds', () => {
    const { critical, gains } = ganttOf([ran('a', 0, 10), ran('b', 12, 20)]);
    expect(critical).to.deep.equal(['a', 'b']);
    expect(gains).to.deep.equal([10, 8]);
  });

  it('brings no more than what runs beside it', () => {
    const alone = { needs: ['manager'], claims: ['manager'] };
    const { critical, gains } = ganttOf([
      ran('a', 0, 20, 'e2e', alone),
      ran('b', 0, 25, 'e2e', { needs: ['agent'] }),
      ran('c', 20, 40, 'e2e', alone),
    ]);
    expect(critical).to.deep.equal(['a', 'c']);
    expect(gains).to.deep.equal([15, 15]);
  });

  it('ends for attempts of no length at the same moment', () => {
    expect(ganttOf([ran('a', 5, 5), ran('b', 5, 5)]).critical).to.have.length(2);
  });
});
