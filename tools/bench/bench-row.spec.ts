import { expect } from 'chai';
import { type BenchRow, benchRow, judgedValue, judgementOf, median, singleRow } from './bench-row.ts';

describe('bench figures', () => {
  it('take the median of odd and even counts', () => {
    expect(median([5, 1, 3])).to.equal(3);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(() => median([])).to.throw('no values');
  });

  it('have the ratio of medians against the floor, and the spread of the pairs', () => {
    expect(benchRow('x', [2, 4, 3], [2, 2, 2], { goal: 1.1 })).to.deep.equal({
      name: 'x',
      ours: 3,
      floor: 2,
      unit: 's',
      by: 'ratio',
      ratio: 1.5,
      goal: 1.1,
      better: 'lower',
      trials: [1, 2, 1.5],
      spread: 0.5,
    });
  });

  it('have the difference in seconds, where the goal is one', () => {
    const row = benchRow('x', [0.5, 0.75], [0.25, 0.25], { goal: 0.3, by: 'difference' });
    expect(row).to.deep.include({ trials: [0.25, 0.5], spread: 0.125 });
    expect(judgedValue(row)).to.equal(0.375);
    expect(judgementOf(row)).to.equal('noise');
  });

  const row = (ours: number, more: Partial<BenchRow> = {}): BenchRow => ({
    ...singleRow({ name: 'x', ours, floor: 1, unit: 's', goal: 2, better: 'lower' }),
    ...more,
  });
  for (const [title, one, judgement] of [
    ['at its goal', row(2), 'within'],
    ['beyond its goal, by less than its spread', row(2.1, { spread: 0.2 }), 'noise'],
    ['beyond its goal, by more than its spread', row(2.3, { spread: 0.2 }), 'worse'],
    ['beyond its goal, without a spread', row(2.001), 'worse'],
    ['below a goal that is a minimum', row(1.5, { better: 'higher' }), 'worse'],
    ['above a goal that is a minimum', row(4, { better: 'higher' }), 'within'],
  ] as const) {
    it(`judge a row ${title}: ${judgement}`, () => expect(judgementOf(one)).to.equal(judgement));
  }
});
