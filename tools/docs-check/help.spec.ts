import { createProgram } from '@backendai-e2e/cli/program/program';
import { expect } from 'chai';
import { Command } from 'commander';
import { addDeveloperCommands } from '../program/developer-commands.ts';
import type { Passage } from './prose.ts';
import { findingsIn } from './words.ts';

const end = async (): Promise<never> => expect.fail('no command is run');

/** A command with all commands below it. */
function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** What the library adds to the description of an option: no part of its sentence. */
const FACTS = /\((?:default: "|env: |choices: )[^)]*\)/g;

/** What `--help` prints, a passage a line. Of a line in columns, the last one: the others are names. */
function helpOf(command: Command): Passage[] {
  let text = '';
  const writeOut = (part: string): void => {
    text += part;
  };
  command.configureHelp({ helpWidth: 10_000 }).configureOutput({ writeOut }).outputHelp();
  return text
    .split('\n')
    .map((line, index) => ({
      line: index + 1,
      text: line.trim().split(/ {2,}/).at(-1)?.replace(FACTS, '') ?? '',
    }))
    .filter(({ text: words }) => /[a-z]{2}/.test(words) && !/^(\.\/e2e|git|Usage:) /.test(words));
}

const program = createProgram(end, () => undefined);
const developers = new Command('tools/dev');
addDeveloperCommands(developers, end);
const commands = [program, developers].flatMap(withSubcommands);

describe('the help of', () => {
  for (const command of commands) {
    const parents = command.parent ? `${command.parent.name()} ` : '';
    it(`${parents}${command.name()} has short sentences in the field's words`, () => {
      const passages = helpOf(command);
      expect(passages).not.to.have.length(0);
      expect(findingsIn(passages)).to.deep.equal([]);
    });

    it(`${parents}${command.name()} describes each option and argument without a full stop`, () => {
      const parts = [...command.options, ...command.registeredArguments].filter((part) => {
        // An older name of an option is accepted, and shown nowhere.
        return !('hidden' in part && part.hidden);
      });
      const wrong = parts.filter(({ description }) => !description || description.endsWith('.'));
      expect(wrong.map((part) => part.name())).to.deep.equal([]);
    });
  }
});
