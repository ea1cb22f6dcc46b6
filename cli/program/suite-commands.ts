import { Argument, type Command } from 'commander';
import { MOST_ENVIRONMENTS, WHOLE_RUN_ENVIRONMENTS } from '../kind/names.ts';
import type { Format } from '../terminal/output.ts';
import type { End } from './end.ts';
import {
  isOn,
  numberOption,
  outputOption,
  parallelismOption,
  switchOption,
  textOption,
} from './shared-options.ts';

/** What commander gives for the options of `plan`. */
interface PlanWords {
  suites?: string;
  environments?: number;
  parallelism?: number;
  slow: boolean;
  output: Format;
}

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
    .command('plan')
    .description('print when each suite would run, by the durations of earlier runs; run nothing')
    .addOption(textOption('suites', 'names', 'comma-separated suites, areas or suite files (default: all)'))
    .addOption(
      numberOption(
        'environments',
        'n',
        `number of equal environments (1 to ${MOST_ENVIRONMENTS}; default: ${WHOLE_RUN_ENVIRONMENTS})`,
        1,
        MOST_ENVIRONMENTS,
      ),
    )
    .addOption(parallelismOption())
    .addOption(switchOption('noSlow', 'leave out suites that are marked slow'))
    .addOption(outputOption())
    .action(async ({ output, slow, environments = WHOLE_RUN_ENVIRONMENTS, ...choice }: PlanWords) => {
      const { planCommand } = await import('../commands/plan.ts');
      const includeSlow = !isOn('noSlow', !slow);
      return end(await planCommand({ ...choice, environments, includeSlow }, output));
    });
  program
    .command('init')
    .description('create a suite from a template')
    .addArgument(new Argument('<what>', 'what to create').choices(['suite']))
    .argument('<name>', '<area>/<file>, for example storage/rename-folder')
    .action(async (_what: string, name: string) =>
      end(await (await import('../commands/init.ts')).initSuiteCommand(name)),
    );
  program
    .command('try')
    .description('run a suite file here, without a cluster, and show what a run would show')
    .argument('<file>', 'a file in suites/, for example storage/rename-folder')
    .option('--connection <file>', 'connection.json of a deployment that this machine reaches')
    .addHelpText(
      'after',
      '\nTests that need Backend.AI fail without --connection. The exit code is that of a run.',
    )
    .action(async (file: string, options: { connection?: string }) =>
      end(await (await import('../commands/try.ts')).trySuite(file, options)),
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
