import { expect } from 'chai';
import { longestUnaware } from './election.ts';

describe('the longest time until a leader notices that it lost the lock', () => {
  it('is one interval where it answers in time', () => {
    expect(longestUnaware(200)).to.be.closeTo(10.2, 0.01);
  });

  it('is three tries where it misses the answers of Valkey: it gives up at the third', () => {
    expect(longestUnaware(1_000)).to.be.closeTo(10 + 2 * 13.3 + 1, 0.01);
  });
});
