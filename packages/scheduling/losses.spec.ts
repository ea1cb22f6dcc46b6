import { expect } from 'chai';
import { lossesOf, type RanSuite } from './losses.ts';

const ran = (
  name: string,
  environment: number,
  start: number,
  end: number,
  traits: RanSuite['traits'] = { needs: ['manager'] },
): RanSuite => ({ name, environment, start, end, traits });
const two = { environments: 2, parallelism: 1 };
/** "end 10: 1 (10)" for each loss. */
const inWords = (all: ReturnType<typeof lossesOf>): string[] =>
  all.losses.map(
    ({ cause, seconds, parts }) =>
      `${cause} ${seconds}: ${parts.map(({ of, seconds: part }) => `${of} (${part})`).join(', ')}`,
  );

describe('what the places of a run lost', () => {
  it('is nothing where they were full', () => {
    const found = lossesOf([ran('a', 0, 5, 15), ran('b', 1, 5, 15)], two);
    expect(found).to.deep.equal({ seconds: 10, places: 20, losses: [] });
  });

  const claims = { needs: ['manager'], claims: ['manager'] };
  const cases: [
    string,
    string[],
    RanSuite[],
    Parameters<typeof lossesOf>[1]?,
    Parameters<typeof lossesOf>[2]?,
  ][] = [
    ['the end, where no suite was left', ['end 20: 1 (20)'], [ran('a', 0, 0, 30), ran('b', 1, 0, 10)]],
    [
      'the end, where only the leak audit was left, which waits for all',
      ['end 20: 1 (20)'],
      [
        ran('a', 0, 0, 30),
        ran('b', 1, 0, 10),
        ran('audit', 0, 30, 32, { last: true }),
        ran('audit', 1, 30, 32, { last: true }),
      ],
    ],
    [
      'claims of the suite that ran',
      ['claims 10: a (10)', 'end 10: 0 (10)'],
      [ran('a', 0, 0, 10, claims), ran('b', 0, 10, 20)],
      { environments: 1, parallelism: 2 },
    ],
    [
      'a start that came late',
      ['start 4: 0 (4)'],
      [ran('a', 0, 0, 10), ran('b', 0, 14, 20)],
      { ...two, environments: 1 },
    ],
    [
      'an environment that healed, and then a start',
      ['environment 3: 0 (3)', 'start 1: 0 (1)'],
      [ran('a', 0, 0, 10), ran('b', 0, 14, 20)],
      { ...two, environments: 1 },
      [{ environment: 0, from: 9, to: 13 }],
    ],
    [
      'the end, while an attempt that came again was not due yet',
      ['end 5: 0 (5)'],
      [ran('a', 0, 0, 10), { ...ran('a', 0, 15, 20), again: true }],
      { ...two, environments: 1 },
    ],
  ];
  for (const [title, losses, suites, shape = two, unready = []] of cases) {
    it(`goes to ${title}`, () => {
      const found = lossesOf(suites, shape, unready);
      expect(inWords(found)).to.deep.equal(losses);
      const used = suites
        .filter(({ traits }) => !traits.waits)
        .reduce((sum, { start, end }) => sum + end - start, 0);
      const lost = found.losses.reduce((sum, { seconds }) => sum + seconds, 0);
      expect(used + lost).to.equal(found.places);
    });
  }

  it('is the whole place beside a suite that mostly waits and lets no other in', () => {
    const waiting = ran('w', 0, 0, 10, { claims: ['manager'], needs: ['manager'], waits: true });
    const found = lossesOf([waiting, ran('b', 0, 10, 12)], { environments: 1, parallelism: 1 });
    expect(inWords(found)).to.deep.equal(['claims 10: w (10)']);
  });

  it('is empty for a run without suites', () => {
    expect(lossesOf([], two)).to.deep.equal({ seconds: 0, places: 0, losses: [] });
  });
});
