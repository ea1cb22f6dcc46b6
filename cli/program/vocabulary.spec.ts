import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TestRunSpec } from '@backendai-e2e/api/schemas/test-run';
import { expect } from 'chai';
import type { Command } from 'commander';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { createProgram } from './program.ts';
import { environmentVariable, flagOf, makeVariable, type Setting, VOCABULARY } from './vocabulary.ts';

const settings: readonly Setting[] = VOCABULARY;
const makefile = readFileSync(path.join(PROJECT_ROOT, 'Makefile'), 'utf8');
const program = createProgram(
  async () => {},
  (error) => {
    throw error;
  },
);

function commandNamed(name: string): Command {
  const found = program.commands.find((command) => command.name() === name);
  if (!found) throw new Error(`there is no command ${name}`);
  return found;
}

describe('the vocabulary of users', () => {
  it('is what the Makefile passes on, each variable under its own name', () => {
    const passed = [...makefile.matchAll(/^export (E2E_\w+) := (.*)$/gm)].map(([, to, from]) => [to, from]);
    const wanted = VOCABULARY.filter(({ make }) => make).map((setting: Setting) => {
      const own = `$(${makeVariable(setting.name)})`;
      const value = setting.older ? `$(or ${own},$(${makeVariable(setting.older)}))` : own;
      return [`E2E_${makeVariable(setting.name)}`, value];
    });
    expect(passed.toSorted()).to.deep.equal(wanted.toSorted());
  });

  for (const setting of VOCABULARY) {
    for (const name of setting.commands) {
      it(`has ${flagOf(setting.name)} in e2e ${name}`, () => {
        const option = commandNamed(name).options.find(({ long }) => long === flagOf(setting.name));
        expect(option, flagOf(setting.name)).not.to.equal(undefined);
        if (option?.envVar) expect(option.envVar).to.equal(environmentVariable(setting.name));
      });
    }
  }

  it('has every flag that a variable can give', () => {
    const flags = settings.map(({ name }) => flagOf(name));
    const strange = program.commands.flatMap((command) =>
      command.options.filter(({ envVar, long }) => envVar && !flags.includes(long ?? '')),
    );
    expect(strange.map(({ long }) => long)).to.deep.equal([]);
  });

  it('takes the older names, and shows only the newer ones', () => {
    for (const { older, commands } of settings) {
      if (!older) continue;
      for (const name of commands.filter((each) => each !== 'run' || older !== 'parallel')) {
        const option = commandNamed(name).options.find(({ long }) => long === flagOf(older));
        expect(option?.hidden, `${name} ${flagOf(older)}`).to.equal(true);
      }
    }
  });

  it('sets the same value by an older flag', () => {
    for (const flag of ['--suites', '--suite']) {
      const command = commandNamed('kind');
      command.parseOptions([flag, 'storage']);
      expect(command.opts(), flag).to.deep.include({ suites: 'storage' });
      command.setOptionValue('suites', undefined);
    }
  });

  it('has the names of the fields of a run, or says why not', () => {
    const schema: unknown = JSON.parse(JSON.stringify(TestRunSpec));
    for (const { name, field, because } of settings) {
      if (!field) continue;
      const found = field.split('.').reduce<unknown>((part, key) => {
        const { properties } = part as { properties?: Record<string, unknown> };
        return properties?.[key];
      }, schema);
      expect(found, `TestRun.spec.${field}`).not.to.equal(undefined);
      if (!because) expect(field.split('.').at(-1)).to.equal(name);
    }
  });

  it('is listed by make help', () => {
    for (const { name, commands, make } of settings) {
      if (make && commands.includes('kind') && name !== 'killOperator' && name !== 'dryRun') {
        expect(makefile, name).to.match(new RegExp(`@echo .*\\b${makeVariable(name)}=`));
      }
    }
  });
});
