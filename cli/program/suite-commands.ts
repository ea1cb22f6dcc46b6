import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { Argument, type Command } from 'commander';
import type { Format } from '../terminal/output.ts';
import type { End } from './end.ts';
import { outputOption } from './options.ts';

/** Commands about the suites of this checkout, and shell completion. */
export function addSuiteCommands(program: Command, end: End): void {
  program
    .command('suites')
    .description('the suites that exist, by area')
    .addOption(outputOption())
    .option('--table', 'as a Markdown table, with tests and the seconds of the last run')
    .option('--readme', 'write that table into the README')
    .action(async ({ output, table, readme }: { output: Format; table?: boolean; readme?: boolean }) => {
      if (!table && !readme) {
        return end(await (await import('../commands/machine.ts')).suitesCommand(output));
      }
      const { readmeTable } = await import('../commands/suite-table.ts');
      console.log(await readmeTable(readme === true));
      return end(COMMAND_EXIT.passed);
    });
  program
    .command('init')
    .description('write the beginning of something new')
    .addArgument(new Argument('<what>', 'what to write').choices(['suite']))
    .argument('<name>', 'area/file, for example storage/rename-folder')
    .action(async (_what: string, name: string) =>
      end(await (await import('../commands/init.ts')).initSuiteCommand(name)),
    );
  program
    .command('completion')
    .description('print a script that completes this command')
    .addArgument(new Argument('<shell>', 'for which shell').choices(['bash', 'zsh', 'fish']))
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
