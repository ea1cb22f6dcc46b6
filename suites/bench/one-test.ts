import { expect } from 'chai';

/** The smallest possible suite. `make bench` runs it to measure what running a suite costs by itself. */
describe('one test', () => {
  it('adds', () => {
    expect(1 + 1).to.equal(2);
  });
});
