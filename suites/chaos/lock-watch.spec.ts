import { expect } from 'chai';
import { handovers, longestGap, vacantMs } from './lock-watch.ts';

const sample = (at: number, holder?: string, ttlMs = 0) => ({ at, holder, ttlMs });

describe('the history of a lock', () => {
  it('shows a takeover, and that the old holder still had time', () => {
    const history = [sample(0, 'a', 30_000), sample(100, 'a', 29_900), sample(200, 'b', 30_000)];
    expect(handovers(history)).to.deep.equal([{ from: 'a', to: 'b', at: 200, leftMs: 29_800 }]);
  });

  it('shows a takeover after the time was over', () => {
    const history = [sample(0, 'a', 150), sample(100, 'a', 50), sample(200), sample(300, 'b', 30_000)];
    expect(handovers(history)).to.deep.equal([{ from: 'a', to: 'b', at: 300, leftMs: -150 }]);
    expect(vacantMs(history)).to.equal(100);
  });

  it('does not take a holder that comes back for another', () => {
    expect(handovers([sample(0, 'a', 9), sample(100), sample(200, 'a', 9)])).to.deep.equal([]);
  });

  it('is put in order first, because answers may overtake each other', () => {
    const history = [sample(200, 'b', 1), sample(0, 'a', 1), sample(100, 'a', 1)];
    expect(handovers(history).map(({ from, to }) => [from, to])).to.deep.equal([['a', 'b']]);
  });

  it('returns the longest gap between samples', () => {
    expect(longestGap([sample(0), sample(100), sample(900), sample(1_000)])).to.equal(800);
    expect(longestGap([])).to.equal(0);
  });
});
