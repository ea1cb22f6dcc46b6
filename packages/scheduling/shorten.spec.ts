import { expect } from 'chai';
import type { ForecastSuite } from './forecast.ts';
import { shortenings } from './shorten.ts';
import type { SuiteTraits } from './starts.ts';

const suite = (
  name: string,
  seconds: number,
  traits: SuiteTraits = { needs: ['manager'] },
): ForecastSuite => ({ name, seconds, traits });
const two = { environments: 2, parallelism: 1 };

describe('what would shorten a run', () => {
  it('is a cut of the suite that outlasts the others, and no further place', () => {
    const found = shortenings([suite('long', 100), suite('short', 20), suite('brief', 10)], two);
    expect(found).to.deep.equal([{ change: 'split', suite: 'long', seconds: 70, saved: 30 }]);
  });

  it('is a further environment or place, where all places are full', () => {
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => suite(name, 10));
    const found = shortenings(all, two);
    expect(found).to.deep.include({ change: 'environment', seconds: 20, saved: 10 });
    expect(found).to.deep.include({ change: 'parallelism', seconds: 20, saved: 10 });
  });

  it('is no further place for suites that must run alone', () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => suite(name, 10, { exclusive: true }));
    expect(shortenings(all, two).map(({ change }) => change)).not.to.include('parallelism');
  });

  it('is nothing below the seconds that the machine needs for the work', () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => suite(name, 10));
    expect(shortenings(all, two, 20)).to.deep.equal([]);
    expect(shortenings(all, two, 15)[0]?.saved).to.equal(5);
  });

  it('is nothing for the leak audit, which runs when all others have ended', () => {
    expect(shortenings([suite('audit', 10, { last: true })], two)).to.deep.equal([]);
  });
});
