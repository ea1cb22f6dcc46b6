import { expect } from 'chai';
import { TEST_STATES } from '../../operator/api/verdict.ts';
import { parseTestLine, testLine } from './lines.ts';

describe('the line of a test', () => {
  for (const state of TEST_STATES) {
    it(`says ${state} and can be read back`, () => {
      const test = { id: 'x', file: 'a/b', title: 'group › says (twice) (1.00 s)', state, seconds: 12.34 };
      expect(parseTestLine(testLine(test))).to.deep.equal({ state, title: test.title, seconds: 12.34 });
    });
  }
  it('is told from other output', () => {
    expect(parseTestLine('session-lifecycle/create-session')).to.equal(undefined);
    expect(parseTestLine('1) failing (2.00 s)')).to.equal(undefined);
  });
});
