import { expect } from 'chai';
import { benchRow, median } from './run-against-job.ts';

describe('bench figures', () => {
  it('takes the median of odd and even counts', () => {
    expect(median([5, 1, 3])).to.equal(3);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(() => median([])).to.throw('no values');
  });

  it('gives the ratio of medians against the floor', () => {
    expect(benchRow('x', [2, 4, 3], [2, 2, 2])).to.deep.equal({
      name: 'x',
      ours: 3,
      floor: 2,
      unit: 's',
      ratio: 1.5,
      goal: 1.1,
      better: 'lower',
    });
  });
});
