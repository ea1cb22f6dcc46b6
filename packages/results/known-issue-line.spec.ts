import { expect } from 'chai';
import { knownIssueLine, readKnownIssueLine } from './known-issue-line.ts';

describe('the first line of a known issue', () => {
  const line = { issue: 'It "sometimes" hangs', version: '26.9.6', until: '2027-02-18' };

  it('reads back as it was written, with and without a budget', () => {
    expect(readKnownIssueLine(knownIssueLine(line))).to.deep.equal(line);
    const often = { ...line, budget: { most: 1, of: 20 } };
    expect(readKnownIssueLine(knownIssueLine(often))).to.deep.equal(often);
  });

  it('is no other line', () => {
    expect(readKnownIssueLine('AssertionError: known issue "x" (1), until 2027-01-01')).to.equal(undefined);
    expect(readKnownIssueLine('known issue "x" (1) expired on 2027-01-01')).to.equal(undefined);
  });
});
