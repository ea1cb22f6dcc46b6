import { Command, type CommanderError } from 'commander';
import type { End } from './end.ts';
import { addMachineCommands } from './machine-commands.ts';
import { addRunCommands } from './run-commands.ts';
import { addStagingCommands } from './staging-commands.ts';
import { addSuiteCommands } from './suite-commands.ts';

/** What the exit codes mean; every command keeps to it. */
export const EXIT_CODES = [
  'Exit codes:',
  '  0    done; of kind, staging, attach, run, watch and rerun: every suite passed',
  '  1    of kind, staging, attach, run, watch and rerun: the run did not succeed; of compare: something broke',
  '  2    could not be done: the message says why and what to do',
  '  130  interrupted (Ctrl-C, SIGTERM)',
  '  141  the reader of the output went away before the end',
].join('\n');

/**
 * The command with everything that it can do. Actions load what they need when they are called.
 * @param leave called instead of ending the process when there is nothing to do: help, or words that make no sense
 */
export function createProgram(end: End, leave: (error: CommanderError) => void): Command {
  const program = new Command('e2e')
    // Before the commands: they take it over when they are made.
    .exitOverride(leave)
    .description('Runs Mocha suites against a real Backend.AI deployment in Kubernetes.')
    .helpCommand(false)
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `\n${EXIT_CODES}\n\nShell completion: source <(./e2e completion bash); see e2e completion --help`,
    );
  addMachineCommands(program, end);
  addStagingCommands(program, end);
  addRunCommands(program, end);
  addSuiteCommands(program, end);
  return program;
}
