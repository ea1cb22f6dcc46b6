import { expect } from 'chai';
import { chooseStarts, type DueSuite } from './starts.ts';

/** "a" plain, "A" alone, "a-" not ready, "Z" alone and last. */
function due(text: string): DueSuite[] {
  return text.split(' ').map((word) => ({
    name: word,
    ready: !word.endsWith('-'),
    alone: word[0] === word[0]?.toUpperCase(),
    last: word === 'Z',
  }));
}

const plain = { alone: false };

describe('chooseStarts', () => {
  const cases: [string, string, { alone: boolean }[], number, string[]][] = [
    ['one at a time', 'a b', [], 1, ['a']],
    ['as many as fit beside what runs', 'a b c', [plain], 3, ['a', 'b']],
    ['none when all places are taken', 'a', [plain], 1, []],
    ['one that runs alone, alone', 'A b', [], 5, ['A']],
    ['one that runs alone waits, and is not overtaken', 'a B c', [], 5, ['a']],
    ['nothing beside one that runs alone', 'a b', [{ alone: true }], 5, []],
    ['one that is not ready is overtaken', 'a- b', [], 1, ['b']],
    ['one that is to be last waits for those that are due', 'Z a b', [], 1, ['a']],
    ['it waits for those that are not ready, too', 'Z a-', [], 1, []],
    ['it waits for those that run', 'Z', [plain], 5, []],
    ['it starts when it is alone', 'Z', [], 1, ['Z']],
    ['also one that would run alone', 'A- b c', [], 5, ['b', 'c']],
  ];
  for (const [title, text, running, parallelism, names] of cases) {
    it(title, () => expect(chooseStarts(due(text), running, parallelism)).to.deep.equal(names));
  }
});
