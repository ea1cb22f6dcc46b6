import { expect } from 'chai';
import { comments } from './comment-prose.ts';
import { markupTexts, messages } from './message-prose.ts';
import { markdownPassages, sentences, testTitles, wordCount, yamlValues } from './prose.ts';
import { findingsIn } from './words.ts';

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

    const commented: [string, Parameters<typeof comments>[1], string, [number, string][]][] = [
      [
        'TypeScript',
        'slashes',
        '/**\n * One {@link Thing}\n * two.\n */\n  // Three\n  // four.\ncode(); // five\n"http://six"\n',
        [
          [2, 'One X two.'],
          [5, 'Three four.'],
          [7, 'five'],
        ],
      ],
      [
        'TypeScript with tags, lists and paragraphs',
        'slashes',
        '/**\n * One:\n * - two\n *   three\n * - four\n *\n * Five.\n * @param name of six\n * @returns seven\n */\n',
        [
          [2, 'One:'],
          [3, 'two three'],
          [5, 'four'],
          [7, 'Five.'],
          [8, 'of six'],
          [9, 'seven'],
        ],
      ],
      [
        'shell, with indented options',
        'hashes',
        '#!/bin/sh\n# One\n# two:\n#   --three  four\n#   --five   six\n# Seven.\necho # eight\n',
        [
          [2, 'One two:'],
          [4, '--three four'],
          [5, '--five six'],
          [6, 'Seven.'],
          [7, 'eight'],
        ],
      ],
      [
        'Python, with docstrings and not with other texts',
        'hashes',
        '"""One\n\nTwo.\n"""\ndef f():\n    """Three\n    four."""\n    query(\n        """five""")\n',
        [
          [1, 'One'],
          [3, 'Two.'],
          [6, 'Three four.'],
        ],
      ],
      [
        'YAML and Helm templates',
        'hashes',
        'a: 1 # one\n# Two.\nb: "#three"\n{{- /* Four. */ -}}\n',
        [
          [1, 'one'],
          [2, 'Two.'],
          [4, 'Four.'],
        ],
      ],
    ];
    for (const [language, style, source, expected] of commented) {
      it(`of ${language} are its comments`, () => {
        expect(comments(source, style).map(({ line, text }) => [line, text])).to.deep.equal(expected);
      });
    }

    it('of TypeScript are its messages, joined across lines and without code', () => {
      const source = [
        "// 'this is a comment'",
        "throw new Error('this is one ' +",
        '  `message of $' + '{count(`a $' + '{b}`)} parts`);',
        "const key = 'two words';",
        "const sql = 'SELECT name FROM users WHERE id = 1';",
      ].join('\n');
      expect(messages(source)).to.deep.equal([{ line: 2, text: 'this is one message of X parts' }]);
    });

    it('of a page are the texts between its tags, with one word for each value', () => {
      const source =
        'const one = (a: Set<string>) => a < b;\n<p class={of(x)}>\n  It shows {a.b} of all runs.\n</p>;\n';
      expect(markupTexts(source)).to.deep.equal([{ line: 2, text: 'It shows X of all runs.' }]);
    });

    it('of a CRD are its descriptions, folded ones whole', () => {
      const yaml = 'a:\n  description: Short.\nb:\n  description: >-\n    Long\n    text.\n  type: string\n';
      expect(yamlValues(yaml, ['description'])).to.deep.equal([
        { line: 2, text: 'Short.' },
        { line: 4, text: 'Long text.' },
      ]);
    });
  });
});
