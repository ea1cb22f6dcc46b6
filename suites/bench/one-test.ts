import { expect } from 'chai';

/** The smallest possible suite. `make bench` runs it to measure what it costs to run a suite. */
describe('one test', () => {
  it('adds', () => {
    expect(1 + 1).to.equal(2);
  });
});
