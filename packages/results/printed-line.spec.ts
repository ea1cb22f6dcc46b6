import { TEST_STATES } from '@backendai-e2e/api/verdict';
import { expect } from 'chai';
import { parseTestLine, testLine } from './printed-line.ts';

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
