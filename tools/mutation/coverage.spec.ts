import { expect } from 'chai';
import { ranAt, specsAt } from './coverage.ts';

describe('the code that a spec runs', () => {
  const ranges = [
    { start: 0, end: 100, count: 1 },
    { start: 10, end: 60, count: 3 },
    { start: 20, end: 30, count: 0 },
    { start: 70, end: 90, count: 0 },
  ];

  it('is what the smallest range around it counts', () => {
    expect([5, 15, 25, 30, 75, 95].map((offset) => ranAt(ranges, offset))).to.deep.equal([
      ...[true, true, false, true, false, true],
    ]);
  });

  it('is nothing outside of every range, and in a file that was not loaded', () => {
    expect([ranAt(ranges, 100), ranAt(undefined, 0)]).to.deep.equal([false, false]);
  });

  it('gives the specs of a place, its own first', () => {
    const bySpec = new Map([
      ['a/other.spec.ts', { 's/x.ts': ranges }],
      ['s/x.spec.ts', { 's/x.ts': ranges }],
      ['s/y.spec.ts', { 's/y.ts': ranges }],
    ]);
    expect(specsAt('s/x.ts', 15, bySpec)).to.deep.equal(['s/x.spec.ts', 'a/other.spec.ts']);
    expect(specsAt('s/x.ts', 25, bySpec)).to.deep.equal([]);
  });
});
