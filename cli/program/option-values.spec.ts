import { expect } from 'chai';
import { CommanderError } from 'commander';
import { isYes, text, wholeNumber } from './option-values.ts';
import { createProgram } from './program.ts';

/** The error of a command line that cannot be parsed. */
function refusal(...words: string[]): CommanderError {
  const program = createProgram(
    async () => {},
    (error) => {
      throw error;
    },
  );
  for (const command of program.commands) command.configureOutput({ writeErr: () => {} });
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error;
    throw error;
  }
  throw new Error(`"${words.join(' ')}" was accepted`);
}

describe('values of options', () => {
  it('treats an empty variable of make as one that was not given', () => {
    expect(text('')).to.equal(undefined);
    expect(wholeNumber(1)('')).to.equal(undefined);
    expect(text('x')).to.equal('x');
  });

  it('reads 1 and yes as yes, and 0, no, false and nothing as no', () => {
    for (const word of ['1', 'yes', 'true']) expect(isYes(word), word).to.equal(true);
    for (const word of [undefined, '', '0', 'no', 'False']) expect(isYes(word), word).to.equal(false);
  });

  it('accepts whole numbers within the range', () => {
    for (const [least, most, word] of [
      [1, undefined, '90'],
      [1, 100, '10'],
      [1, 5, '1'],
      [1, 5, '5'],
      [0, undefined, '0'],
    ] as const) {
      expect(wholeNumber(least, most)(word)).to.equal(Number(word));
    }
  });

  const refused: [option: string, words: string[]][] = [
    ['--timeout', ['0', '-1', '1.5', 'soon', ' ']],
    ['--rounds', ['0', '-1', '2.5', 'many', '101']],
    ['--environments', ['0', '6', '-1', '1.5', 'many']],
    ['--parallelism', ['0', '51', 'all']],
  ];
  for (const [option, words] of refused) {
    it(`refuses values outside of the range of ${option}, and names the option`, () => {
      for (const word of words) {
        const { message } = refusal('kind', option, word);
        expect(message, word).to.contain(option).and.to.contain('Give a whole number');
      }
    });
  }
});
