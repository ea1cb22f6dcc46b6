import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, type CommanderError } from 'commander';
import type { End } from './end.ts';
import { addHistoryCommands } from './history-commands.ts';
import { addMachineCommands } from './machine-commands.ts';
import { addRunCommands } from './run-commands.ts';
import { addSeriesCommands } from './series-commands.ts';
import { addOlderNames, ignoreEmptyOptions } from './shared-options.ts';
import { addStagingCommands } from './staging-commands.ts';
import { addSuiteCommands } from './suite-commands.ts';

/** What the exit codes mean; every command keeps to it. */
export const EXIT_CODES = [
  'Exit codes:',
  '  0    done; for kind, matrix, staging, attach, run, watch and rerun: every suite passed',
  '  1    for kind, matrix, staging, attach, run, watch and rerun: a run failed; for compare: something broke',
  '  2    the command could not do its work: the message says why and what to do',
  '  130  interrupted (Ctrl-C, SIGTERM)',
  '  141  the reader of the output closed it before the end',
].join('\n');

const EXAMPLES = [
  'Examples:',
  '  ./e2e doctor                            check this machine',
  '  ./e2e kind --suites storage --keep       one area of suites in kind; keep the cluster',
  '  ./e2e run --suites storage-file-upload   again, in the kept cluster',
  '  ./e2e show                              the newest run, and why its tests failed',
].join('\n');

/**
 * Makes the command with all its subcommands. Actions load what they need when they are called.
 * @param leave called instead of ending the process after help, the version, or wrong words
 */
export function createProgram(end: End, leave: (error: CommanderError) => void): Command {
  const program = new Command('e2e')
    // Before the commands: they inherit it when they are added.
    .exitOverride(leave)
    .description('Runs Mocha suites against a real Backend.AI deployment in Kubernetes.')
    .version(projectVersion(), '-V, --version', 'print the version')
    .helpCommand(false)
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `\n${EXAMPLES}\n\n${EXIT_CODES}\n\nShell completion: source <(./e2e completion bash); see e2e completion --help`,
    );
  addMachineCommands(program, end);
  addSeriesCommands(program, end);
  addRunCommands(program, end);
  addHistoryCommands(program, end);
  addStagingCommands(program, end);
  addSuiteCommands(program, end);
  program.commands.forEach(addOlderNames);
  ignoreEmptyOptions(program);
  return program;
}

/** The version in package.json at the root of the checkout. */
export function projectVersion(): string {
  const manifest = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
