import { expect } from 'chai';
import { chooseStarts, type DueSuite, type Footprint, footprintOf, type SuiteTraits } from './starts.ts';

/**
 * The suites of a text:
 * - "a" plain, "A" alone, "a-" not ready, "Z" alone and last
 * - "a:m,p" needs components m and p, "a:m!p" claims p beside, and "a:*" needs all
 * - "~a" mostly waits
 */
function due(text: string): DueSuite[] {
  return text.split(' ').map((word) => ({
    name: word,
    ready: !word.endsWith('-'),
    last: word === 'Z',
    ...footprint(word),
  }));
}

function footprint(word: string): Footprint {
  const [needs = '', claims = ''] = (word.split(':')[1] ?? '').split('!');
  const list = (names: string): string[] => names.split(',').filter((name) => name !== '');
  return {
    alone: /^[A-Z]/.test(word),
    needs: needs === '*' ? undefined : list(needs),
    claims: list(claims),
    waits: word.startsWith('~'),
  };
}

describe('chooseStarts', () => {
  const cases: [title: string, due: string, running: string[], parallelism: number, starts: string[]][] = [
    ['one at a time', 'a b', [], 1, ['a']],
    ['as many as fit beside what runs', 'a b c', ['r'], 3, ['a', 'b']],
    ['none when all places are taken', 'a', ['r'], 1, []],
    ['one that runs alone, alone', 'A b', [], 5, ['A']],
    ['one that runs alone waits and is overtaken', 'a B c', [], 5, ['a', 'c']],
    ['nothing beside one that runs alone', 'a b', ['R'], 5, []],
    ['in order where one place is all there is, alone or not', 'A b', [], 1, ['A']],
    ['one that is not ready is overtaken', 'a- b', [], 1, ['b']],
    ['one that is to be last waits for those that are due', 'Z a b', [], 1, ['a']],
    ['it waits for those that are not ready, too', 'Z a-', [], 1, []],
    ['it waits for those that run', 'Z', ['r'], 5, []],
    ['it starts when it is alone', 'Z', [], 1, ['Z']],
    ['also one that would run alone', 'A- b c', [], 5, ['b', 'c']],
    ['what needs other components beside one that claims some', 'a:m!m b:p', [], 5, ['a:m!m', 'b:p']],
    ['not what needs a claimed component', 'a:m!m b:m,p c:p', [], 5, ['a:m!m', 'c:p']],
    ['nor what claims a component that is needed', 'a:m!m b:p', ['r:m'], 5, ['b:p']],
    ['nor two that claim the same', 'a:!m b:!m', [], 5, ['a:!m']],
    ['nor what needs all beside a claim', 'a:m!m b:*', [], 5, ['a:m!m']],
    ['what needs all beside what claims nothing', 'a:* b:*', [], 5, ['a:*', 'b:*']],
    ['another one beside one that mostly waits', '~a b c', [], 1, ['~a', 'b']],
    ['one that mostly waits where all places are taken', 'b ~a', ['r'], 1, ['~a']],
    ['as many more as there are places', 'b c', ['~a', 'r'], 2, ['b']],
    ['not what claims what it needs', 'b:!m c:m', ['~a:m'], 1, ['c:m']],
    ['nor one that runs alone', 'B', ['~a'], 1, []],
  ];
  for (const [title, text, running, parallelism, names] of cases) {
    it(title, () => {
      expect(chooseStarts(due(text), running.map(footprint), parallelism)).to.deep.equal(names);
    });
  }
});

describe('footprintOf', () => {
  const of = (traits: SuiteTraits): Footprint => footprintOf(traits);

  it('of a disruptive suite without claims is everything', () => {
    expect(of({ disruptive: true, needs: ['manager'] }).alone).to.equal(true);
    expect(of({ disruptive: true, claims: [] }).alone).to.equal(false);
    expect(of({ disruptive: true, claims: ['s3'], exclusive: true }).alone).to.equal(true);
  });
  it('of a suite without needs is every component', () => {
    expect(of({})).to.deep.equal({ alone: false, needs: undefined, claims: [], waits: false });
    expect(of({ needs: [] }).needs).to.equal(undefined);
  });
  it('of a deleted suite is everything', () => expect(footprintOf(undefined).alone).to.equal(true));
});
