import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { end } from '@backendai-e2e/cli/program/end';
import { addOlderNames, ignoreEmptyOptions } from '@backendai-e2e/cli/program/shared-options';
import { onClosedOutput } from '@backendai-e2e/cli/terminal/closed-output';
import { Command } from 'commander';
import { addDeveloperCommands } from './program/developer-commands.ts';

// Node would exit with 1, which here means that a test failed.
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(COMMAND_EXIT.couldNotRun);
});

onClosedOutput(true);

const program = new Command('tools/dev')
  // Before the commands: they inherit it when they are added.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : COMMAND_EXIT.couldNotRun))
  .description('Commands for the developers of backendai-e2e.')
  .helpCommand(false)
  .showSuggestionAfterError();
addDeveloperCommands(program, end);
program.commands.forEach(addOlderNames);
ignoreEmptyOptions(program);
await program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  return end(COMMAND_EXIT.couldNotRun);
});
