import { expect } from 'chai';
import { longestTry, longestUnaware } from './election.ts';

describe('the bounds of an election', () => {
  it('have one interval for a process that answers in time', () => {
    expect(longestTry(200)).to.be.closeTo(10.2, 0.01);
    expect(longestUnaware(200)).to.be.closeTo(10.2, 0.01);
  });

  it('have one more try for a follower that misses the answers of Valkey', () => {
    expect(longestTry(1_000)).to.be.closeTo(10 + 13.3 + 1, 0.01);
  });

  it('have three tries for a leader that misses them: it gives up at the third', () => {
    expect(longestUnaware(1_000)).to.be.closeTo(10 + 2 * 13.3 + 1, 0.01);
  });
});
