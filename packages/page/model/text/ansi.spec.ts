import { expect } from 'chai';
import fc from 'fast-check';
import { ansiPieces, plainText } from './ansi.ts';

const ESC = '\u001b';

describe('terminal colors of a log line', () => {
  it('become classes, and nothing else stays of them', () => {
    expect(ansiPieces(`${ESC}[1;31mERROR${ESC}[0m all ${ESC}[92mwell${ESC}[39m again`)).to.deep.equal([
      { text: 'ERROR', style: 'ansi-1 ansi-bold' },
      { text: ' all ', style: '' },
      { text: 'well', style: 'ansi-2' },
      { text: ' again', style: '' },
    ]);
  });

  for (const [what, line] of [
    ['a link', `a${ESC}]8;;javascript:alert(1)\u0007b${ESC}]8;;\u0007c`],
    ['a title', `a${ESC}]0;owned\u0007bc`],
    ['a title without an end', `abc${ESC}]0;owned`],
    ['a clipboard', `ab${ESC}]52;c;AAAA${ESC}\\c`],
    ['a cursor', `a${ESC}[2Jb${ESC}[10;10Hc`],
    ['a device string', `a${ESC}Pq#0${ESC}\\bc`],
    ['half a sequence', `abc${ESC}[`],
    ['colors of larger tables', `a${ESC}[38;5;196mb${ESC}[48;2;1;2;3mc`],
  ] as const) {
    it(`loses ${what}`, () => {
      expect(plainText(line).replace('⟨U+001B⟩[', '').replace('[', '')).to.equal('abc');
    });
  }

  it('shows other acting characters as their code', () => {
    expect(plainText('a\u202eb\u0008c')).to.equal('a⟨U+202E⟩b⟨U+0008⟩c');
  });

  it('knows no class that a line could choose', () => {
    const line = `${ESC}[31;1;2;38;5;99;"><script>m${ESC}[999mx${ESC}[-1my`;
    for (const { style } of ansiPieces(line)) expect(style).to.match(/^(ansi-(\d|bold|dim) ?)*$/);
  });

  it('has no acting character and no other class, whatever the line', function () {
    this.timeout(600_000);
    const piece = fc.constantFrom(
      ...[
        ESC,
        '[',
        ']',
        ';',
        ':',
        'm',
        '0',
        '31',
        '38',
        '5',
        '8;;',
        '\u0007',
        '\\',
        'P',
        '^',
        '\u009b',
        '\u202e',
      ],
      ...['\u0000', '\ud800', 'x', '<b>', '한'],
    );
    const line = fc.oneof(
      fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(line, (text) => {
        for (const { text: shown, style } of ansiPieces(text)) {
          expect(shown.replace(/[\n\t]/g, '')).not.to.match(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
          expect(style).to.match(/^((ansi-(\d|bold|dim))( ansi-(\d|bold|dim))*)?$/);
          expect(shown.isWellFormed()).to.equal(true);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
