import { expect } from 'chai';
import { shuffled } from './order.ts';

describe('the order of suites', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

  it('is the same for the same seed, and keeps every suite once', () => {
    expect(shuffled(names, '7')).to.deep.equal(shuffled(names, '7'));
    expect([...shuffled(names, '7')].sort()).to.deep.equal(names);
  });

  it('differs between seeds, and can put each suite anywhere', () => {
    const orders = Array.from({ length: 200 }, (_, seed) => shuffled(names, String(seed)));
    expect(new Set(orders.map((order) => order.join())).size).to.be.greaterThan(190);
    for (const place of names.keys()) {
      expect(new Set(orders.map((order) => order[place])).size, `place ${place}`).to.equal(names.length);
    }
  });
});
