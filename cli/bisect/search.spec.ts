import { expect } from 'chai';
import { type Build, isLasting, keyOf } from './builds.ts';
import { type SearchEffects, search } from './search.ts';
import type { TriedPoint } from './tried.ts';

const releases = ['26.9.0', '26.9.1', '26.9.2', '26.9.3', '26.9.4'].map(
  (version): Build => ({ kind: 'release', version }),
);

/** A search for a fault since 26.9.3. `most` trials are answered, then it is interrupted. */
function bench(most = Number.POSITIVE_INFINITY) {
  const keys: string[] = [];
  const kept: (readonly TriedPoint[])[] = [];
  const effects: SearchEffects = {
    tryPoint: async (point) => {
      if (keys.length >= most) return undefined;
      const key = keyOf(point);
      keys.push(key);
      const color = key >= '26.9.3' ? 'red' : 'green';
      const lasting = isLasting(point) ? {} : { lasting: false };
      return { question: 'q', key, color, said: 'x', met: key, folder: 'f', ...lasting };
    },
    read: async () => ({ touched: ['agent'] }),
    keep: async (tried) => void kept.push(tried),
    print: () => {},
  };
  return { effects, keys, kept };
}

describe('a search for what turned tests red', () => {
  it('ends with an answer and the trials behind it', async () => {
    const { effects, keys } = bench();
    const other: TriedPoint = {
      ...{ question: 'other', key: '26.9.1', color: 'red', said: 'y', met: '', folder: 'f' },
    };
    const end = await search({ builds: releases }, [other], 'q', effects);
    expect(end?.answer).to.equal(
      'The tests are red since 26.9.3, green before on 26.9.2: only the code of agent changed.',
    );
    expect(keys).to.deep.equal(['26.9.4', '26.9.0', '26.9.2', '26.9.3']);
    expect(end?.tried.map(({ key }) => key)).to.deep.equal(keys);
  });

  it('keeps each trial as soon as it ended, and continues there after an interruption', async () => {
    const first = bench(2);
    expect(await search({ builds: releases }, [], 'q', first.effects)).to.equal(undefined);
    expect(first.kept.map(({ length }) => length)).to.deep.equal([1, 2]);
    const second = bench();
    const end = await search({ builds: releases }, first.kept.at(-1) ?? [], 'q', second.effects);
    expect(second.keys).to.deep.equal(['26.9.2', '26.9.3']);
    expect(end?.tried).to.have.length(4);
  });
});
