import { expect } from 'chai';
import { measure } from '../../support/record.ts';

/** Sample of the runner's specs: everything passes, one test is skipped. */
describe('passing sample', () => {
  it('adds', () => {
    measure('sum', 2, 'apples');
    expect(1 + 1).to.equal(2);
  });
  it('adds later', async () => {
    await Promise.resolve();
    expect(2 + 2).to.equal(4);
  });
  it.skip('is left out', () => undefined);
});
