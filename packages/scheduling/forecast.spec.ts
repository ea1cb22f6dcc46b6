import { expect } from 'chai';
import { type ForecastSuite, forecast } from './forecast.ts';
import type { SuiteTraits } from './starts.ts';

const suite = (
  name: string,
  seconds: number,
  traits: SuiteTraits = { needs: ['manager'] },
): ForecastSuite => ({
  name,
  seconds,
  traits,
});

/** "a@0:0-10" for suite a in environment 0 from second 0 to 10. */
const inWords = (slots: ReturnType<typeof forecast>['slots']): string[] =>
  slots.map(({ suite: name, environment, start, end }) => `${name}@${environment}:${start}-${end}`);

describe('the forecast of a run', () => {
  const waiting = suite('w', 50, { needs: ['manager'], waits: true });
  const audit = suite('audit', 2, { last: true });
  const cases: [string, ForecastSuite[], number, string][] = [
    [
      'starts each suite where there is room first',
      [suite('a', 30), suite('b', 10), suite('c', 10)],
      2,
      'a@0:0-30 b@1:0-10 c@1:10-20',
    ],
    [
      'runs what is last in every environment, after all others',
      [audit, suite('a', 30), suite('b', 10)],
      2,
      'a@0:0-30 b@1:0-10 audit@0:30-32 audit@1:30-32',
    ],
    [
      'lets others run beside a suite that mostly waits, and none beside an exclusive one',
      [waiting, suite('a', 10), suite('x', 5, { exclusive: true })],
      1,
      'w@0:0-50 a@0:0-10 x@0:50-55',
    ],
  ];
  for (const [title, suites, environments, slots] of cases) {
    it(title, () => {
      const found = forecast(suites, { environments, parallelism: 1 });
      expect(inWords(found.slots).join(' ')).to.equal(slots);
      expect(found.seconds).to.equal(Math.max(...found.slots.map(({ end }) => end)));
    });
  }

  it('names the suites that decide when the run ends', () => {
    const all = [suite('a', 30), suite('b', 10), suite('c', 40)];
    const { criticalPath } = forecast(all, { environments: 2, parallelism: 1 });
    expect(inWords(criticalPath)).to.deep.equal(['b@1:0-10', 'c@1:10-50']);
  });

  for (const [title, environments, bound] of [
    ['the sum, where there is one slot', 1, 82],
    ['the sum shared among the slots', 2, 42],
    ['the longest suite, where there are enough slots', 5, 42],
  ] as const) {
    it(`cannot beat ${title}`, () => {
      const all = [suite('a', 40), suite('b', 30), suite('c', 10), audit];
      const { lowerBound, bounds, seconds } = forecast(all, { environments, parallelism: 1 });
      expect(lowerBound).to.equal(bound);
      expect(seconds).to.be.at.least(lowerBound);
      expect(Math.max(...Object.values(bounds))).to.equal(bound);
    });
  }

  it('is empty without suites, and refuses a run without a slot', () => {
    expect(forecast([], { environments: 1, parallelism: 1 })).to.deep.include({ slots: [], seconds: 0 });
    expect(() => forecast([], { environments: 0, parallelism: 1 })).to.throw(RangeError);
  });
});
