import { expect } from 'chai';
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
});
