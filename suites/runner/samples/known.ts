import { expect } from 'chai';

/** Sample of the runner's specs: what samples/known-issues.yaml says of these tests holds for some of them. */
describe('known sample', () => {
  it('passes', () => undefined);
  it('fails as listed', () => {
    expect(41).to.equal(42);
  });
  it('fails in another way', () => {
    expect('pears').to.equal('apples');
  });
  it('passes though it is listed', () => undefined);
  it('fails for too long', () => {
    expect(41).to.equal(42);
  });
});
