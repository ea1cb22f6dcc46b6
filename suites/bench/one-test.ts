import { expect } from 'chai';

/** The smallest suite there is: `make bench` runs it to see what running a suite costs by itself. */
describe('one test', () => {
  it('adds', () => {
    expect(1 + 1).to.equal(2);
  });
});
