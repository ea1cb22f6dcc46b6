import { expect } from 'chai';
import { comments, descriptions, markdownPassages, sentences, testTitles, wordCount } from './prose.ts';
import { findingsIn, phrasesIn } from './words.ts';

const LONG =
  'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty';

describe('the words check', () => {
  describe('findings', () => {
    const cases: [string, string, string[]][] = [
      ['a sentence of 20 words', `${LONG}.`, []],
      ['a sentence of 21 words', `${LONG} more.`, ['21 words']],
      ['two sentences that are short alone', `${LONG}. ${LONG}.`, []],
      ['a banned word', 'The pod starts anew.', ['"anew"']],
      ['a banned word in capitals', 'Nobody reads it.', ['"Nobody"']],
      ['a word that only contains a banned one', 'The busybody retells a story.', []],
      ['a phrase', 'It is told of changes.', ['"is told"']],
      ['"tell apart", which is English', 'You can tell apart two runs that tell two others apart.', []],
    ];
    for (const [what, text, expected] of cases) {
      it(`reports ${expected.length} for ${what}`, () => {
        const messages = findingsIn([{ line: 1, text }]).map(({ message }) => message);
        expect(messages).to.have.length(expected.length);
        for (const [index, start] of expected.entries())
          expect(messages[index]).to.match(new RegExp(`^${start}`));
      });
    }
  });

  it('finds phrases alone where sentences may be long', () => {
    const found = phrasesIn([{ line: 3, text: `${LONG} more, anew.` }]);
    expect(found).to.deep.equal([{ line: 3, message: '"anew": write "again"' }]);
  });

  describe('sentences', () => {
    it('end at a full stop before a capital, not inside a version or a file name', () => {
      expect(sentences('Use Helm 4.3.1 here. See main.ts for more. Done!')).to.deep.equal([
        'Use Helm 4.3.1 here.',
        'See main.ts for more.',
        'Done!',
      ]);
    });

    it('count words, not dashes and arrows', () => {
      expect(wordCount('a → b - c, d')).to.equal(4);
    });
  });

  describe('passages', () => {
    it('of Markdown are paragraphs, items, headings and cells, with their lines', () => {
      const text = '# Head\n\nOne\ntwo `x y`.\n\n* item\n* [text](there.md)\n\n| a cell | b |\n';
      expect(markdownPassages(text)).to.deep.equal([
        { line: 1, text: 'Head' },
        { line: 3, text: 'One two X.' },
        { line: 6, text: 'item' },
        { line: 7, text: 'text' },
        { line: 9, text: 'a cell' },
      ]);
    });

    it('of Markdown leave out code and tables that a test writes', () => {
      const text = '```sh\nmake it so\n```\n<!-- table -->\n| not this |\n<!-- end of table -->\nBut this.\n';
      expect(markdownPassages(text)).to.deep.equal([{ line: 7, text: 'But this.' }]);
    });

    it('of a test file are its titles', () => {
      const source = `describe('a', () => {
  it(\`does \${what(1)} for 'you'\`, () => {});
  it.skip("it's", f);
});`;
      expect(testTitles(source)).to.deep.equal([
        { line: 1, text: 'a' },
        { line: 2, text: "does X for 'you'" },
        { line: 3, text: "it's" },
      ]);
    });

    it('of TypeScript are its comments, blocks and neighbouring lines whole', () => {
      const source = '/**\n * One {@link Thing}\n * two.\n */\n  // Three\n  // four.\ncode(); // not this\n';
      expect(comments(source)).to.deep.equal([
        { line: 1, text: 'One X two.' },
        { line: 5, text: 'Three four.' },
      ]);
    });

    it('of a CRD are its descriptions, folded ones whole', () => {
      const yaml = 'a:\n  description: Short.\nb:\n  description: >-\n    Long\n    text.\n  type: string\n';
      expect(descriptions(yaml)).to.deep.equal([
        { line: 2, text: 'Short.' },
        { line: 4, text: 'Long text.' },
      ]);
    });
  });
});
