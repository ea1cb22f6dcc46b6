import { expect } from 'chai';
import { rounds } from './rounds.ts';

describe('rounds of a suite', () => {
  it('are its own unless the run asks for others', () => {
    expect(rounds(3, {})).to.equal(3);
    expect(rounds(3, { E2E_ROUNDS: '' })).to.equal(3);
    expect(rounds(3, { E2E_ROUNDS: '10' })).to.equal(10);
  });

  it('are never none: a suite without rounds would pass', () => {
    for (const wrong of ['0', '-1', '1.5', 'many']) {
      expect(() => rounds(3, { E2E_ROUNDS: wrong })).to.throw('E2E_ROUNDS');
    }
  });
});
