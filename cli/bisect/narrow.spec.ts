import { expect } from 'chai';
import type { Sight } from '../series/sight.ts';
import { narrow } from './narrow.ts';

const line = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);

/** Plays a search to its end: the answer of each trial comes from `truth`. */
function search(points: readonly string[], truth: (key: string) => Sight['color']) {
  const colors = new Map<string, Sight['color']>();
  for (;;) {
    const step = narrow(points, (key) => colors.get(key));
    if (step.state !== 'next') return { step, trials: [...colors.keys()] };
    expect(colors.has(step.key), `${step.key} is tried twice`).to.equal(false);
    colors.set(step.key, truth(step.key));
  }
}

describe('the search on a line', () => {
  it('finds any change, with both ends and half of the rest at each trial', () => {
    for (const count of [2, 3, 8, 11, 100]) {
      const points = line(count);
      for (let change = 1; change < count; change += 1) {
        const { step, trials } = search(points, (key) => (points.indexOf(key) >= change ? 'red' : 'green'));
        expect(step).to.deep.equal({
          state: 'found',
          green: `p${change - 1}`,
          red: `p${change}`,
          silent: [],
        });
        expect(trials.length, `${count} points, change at ${change}`).to.be.at.most(
          2 + Math.ceil(Math.log2(count - 1)),
        );
      }
    }
  });
  it('steps aside where a point says nothing, and names it if it matters', () => {
    const points = line(9);
    const truth = (silent: string[]) => (key: string) =>
      silent.includes(key) ? 'unknown' : points.indexOf(key) >= 5 ? 'red' : 'green';
    expect(search(points, truth(['p2', 'p7'])).step).to.include({ green: 'p4', red: 'p5' });
    expect(search(points, truth(['p4', 'p5'])).step).to.deep.equal({
      ...{ state: 'found', green: 'p3', red: 'p6', silent: ['p4', 'p5'] },
    });
    const all = search(points, truth(points.slice(1, -1)));
    expect(all.step).to.include({ green: 'p0', red: 'p8' });
    expect(all.trials).to.have.length(9);
  });
  it('tries the ends first, and stops when one is not what it should be', () => {
    const points = line(9);
    expect(search(points, () => 'green')).to.deep.equal({
      ...{ step: { state: 'refuted', end: 'last', color: 'green' }, trials: ['p8'] },
    });
    expect(search(points, () => 'red')).to.deep.equal({
      ...{ step: { state: 'refuted', end: 'first', color: 'red' }, trials: ['p8', 'p0'] },
    });
    expect(search(points, () => 'unknown').step).to.include({ end: 'last', color: 'unknown' });
  });
  it('takes the first red where the line turns more than once', () => {
    const points = line(5);
    const colors = new Map(
      Object.entries({ p0: 'green', p1: 'red', p2: 'green', p3: 'red', p4: 'red' } as const),
    );
    const step = narrow(points, (key) => colors.get(key));
    expect(step).to.deep.equal({ state: 'found', green: 'p0', red: 'p1', silent: [] });
  });
  it('continues with what is known', () => {
    const known = new Map<string, Sight['color']>([
      ['p0', 'green'],
      ['p10', 'red'],
      ['p5', 'red'],
    ]);
    expect(narrow(line(11), (key) => known.get(key))).to.deep.equal({ state: 'next', key: 'p2', left: 2 });
  });
});
