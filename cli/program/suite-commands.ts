import { Argument, type Command } from 'commander';
import type { Format } from '../terminal/output.ts';
import type { End } from './end.ts';
import { outputOption } from './shared-options.ts';

/** Adds the commands for the suites of this checkout, and shell completion. */
export function addSuiteCommands(program: Command, end: End): void {
  program.commandsGroup('Write suites, set up the shell:');
  program
    .command('suites')
    .description('list the suites by area')
    .addOption(outputOption())
    .action(async ({ output }: { output: Format }) =>
      end(await (await import('../commands/machine.ts')).suitesCommand(output)),
    );
  program
    .command('init')
    .description('create a suite from a template')
    .addArgument(new Argument('<what>', 'what to create').choices(['suite']))
    .argument('<name>', '<area>/<file>, for example storage/rename-folder')
    .action(async (_what: string, name: string) =>
      end(await (await import('../commands/init.ts')).initSuiteCommand(name)),
    );
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      [
        '',
        'bash: source <(./e2e completion bash)',
        'zsh:  source <(./e2e completion zsh)',
        'fish: ./e2e completion fish | source',
      ].join('\n'),
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish') =>
      end(await (await import('../commands/completion.ts')).completionCommand(program, shell)),
    );
}
