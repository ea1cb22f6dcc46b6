import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { LIMITS } from '@backendai-e2e/api/limits';
import type { Command } from 'commander';
import { JOB_TIMEOUT_SECONDS, MOST_ENVIRONMENTS } from '../kind/names.ts';
import type { Format } from '../terminal/output.ts';
import type { End } from './end.ts';
import { given, isYes } from './option-values.ts';
import {
  backendAiOption,
  choiceOptions,
  exitCodeOption,
  isOn,
  numberOption,
  outputOption,
  switchOption,
  textOption,
} from './shared-options.ts';
import { environmentVariable } from './vocabulary.ts';

/** What commander gives for the options of `kind`. */
interface KindWords {
  suites?: string;
  grep?: string;
  rounds?: number;
  keep?: boolean;
  reuse?: boolean;
  slow: boolean;
  timeout?: number;
  environments?: number;
  parallelism?: number;
  shuffle?: string;
  killOperator?: boolean;
  backendAi?: string;
  upgradeTo?: string;
  dryRun?: boolean;
  exitCodeTo?: string;
}

/** What commander gives for the options of `dev`. */
interface DevWords {
  backendAi: string;
  suites?: string;
  grep?: string;
  parallelism?: number;
}

/** Adds the commands for this machine and the kind cluster on it. */
export function addMachineCommands(program: Command, end: End): void {
  program.commandsGroup('Test on this machine, in kind:');
  choiceOptions(program.command('kind'))
    .description('create a kind cluster, deploy Backend.AI, run the suites; results in out/e2e')
    .addOption(
      numberOption(
        'rounds',
        'n',
        `rounds of suites that repeat one thing (1 to ${LIMITS.rounds})`,
        1,
        LIMITS.rounds,
      ),
    )
    .addOption(switchOption('keep', 'keep the cluster afterwards'))
    .addOption(switchOption('reuse', 'run on the kept cluster'))
    .addOption(switchOption('noSlow', 'leave out suites that are marked slow'))
    .addOption(numberOption('timeout', 'seconds', `seconds for the run (default: ${JOB_TIMEOUT_SECONDS})`, 1))
    .addOption(
      numberOption(
        'environments',
        'n',
        `number of equal environments (1 to ${MOST_ENVIRONMENTS}; default: by memory, 1 for chosen suites)`,
        1,
        MOST_ENVIRONMENTS,
      ),
    )
    .addOption(backendAiOption())
    .addOption(
      textOption(
        'upgradeTo',
        'which',
        'later Backend.AI to upgrade to while the suites of upgrade run (default: none)',
      ),
    )
    .addOption(textOption('shuffle', 'seed', 'start the suites in the random order of this seed'))
    .option('--kill-operator', 'kill the operator once during the run (default for all suites)')
    .option('--no-kill-operator', `leave the operator alone (env: ${environmentVariable('killOperator')}=0)`)
    .addOption(switchOption('dryRun', 'print the plan and change nothing'))
    .addOption(exitCodeOption())
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ./e2e kind                                      all suites in a new cluster',
        '  ./e2e kind --suites storage --keep               one area; keep the cluster',
        '  ./e2e kind --suites storage-file-upload --reuse  again, on the kept cluster',
        '  ./e2e kind --backend-ai 26.9.0 --no-slow         the published packages of a release',
        '  ./e2e kind --backend-ai ../backend.ai            the sources of a checkout, with its edits',
        '  ./e2e kind --backend-ai 26.8.3 --upgrade-to 26.9.6   an upgrade, with sessions alive',
      ].join('\n'),
    )
    .action(async (words: KindWords) => {
      const { kindCommand } = await import('../commands/kind.ts');
      const { suites, grep, rounds, environments, shuffle, backendAi, upgradeTo } = words;
      const killOperator = killsOperator(
        words.killOperator,
        process.env[environmentVariable('killOperator')],
      );
      const code = await kindCommand({
        ...given({ suites, grep, rounds, environments, shuffle, killOperator, backendAi, upgradeTo }),
        keep: isOn('keep', words.keep),
        reuse: isOn('reuse', words.reuse),
        includeSlow: !isOn('noSlow', !words.slow),
        timeoutSeconds: words.timeout ?? JOB_TIMEOUT_SECONDS,
        parallelism: words.parallelism ?? RUN_DEFAULTS.parallelism,
        dryRun: isOn('dryRun', words.dryRun),
      });
      await end(code, words.exitCodeTo);
    });
  choiceOptions(program.command('dev'))
    .description('run suites on the kept cluster at every save in a checkout of Backend.AI, until Ctrl-C')
    .addOption(
      textOption('backendAi', 'checkout', 'checkout of the Backend.AI monorepo').makeOptionMandatory(),
    )
    .addHelpText(
      'after',
      [
        '',
        'It runs at once, and creates the cluster if there is none. A save ends the run that goes on.',
        '',
        'Example:',
        '  ./e2e dev --backend-ai ../backend.ai --suites session-lifecycle-create-session',
      ].join('\n'),
    )
    .action(async (words: DevWords) => {
      const { devCommand } = await import('../commands/dev.ts');
      const { suites, grep } = words;
      const parallelism = words.parallelism ?? RUN_DEFAULTS.parallelism;
      await end(await devCommand({ ...given({ suites, grep }), backendAi: words.backendAi, parallelism }));
    });
  program
    .command('up')
    .description('create the kind cluster with Backend.AI and keep it')
    .addOption(backendAiOption())
    .action(async ({ backendAi }: { backendAi?: string }) =>
      end(await (await import('../commands/kind.ts')).upCommand(backendAi)),
    );
  program
    .command('down')
    .description('remove the kept cluster')
    .action(async () => end(await (await import('../commands/machine.ts')).downCommand()));
  program
    .command('doctor')
    .description('check this machine: what it has, what will be built, what is missing')
    .addOption(outputOption())
    .action(async ({ output }: { output: Format }) =>
      end(await (await import('../commands/machine.ts')).doctorCommand(output)),
    );
  program
    .command('images')
    .description('build or fetch every image')
    .addOption(backendAiOption())
    .action(async ({ backendAi }: { backendAi?: string }) =>
      end(await (await import('../commands/machine.ts')).imagesCommand(backendAi)),
    );
}

/** Whether the option or else the variable decides on killing the operator; undefined: the command decides. */
function killsOperator(option: boolean | undefined, variable: string | undefined): boolean | undefined {
  return option ?? (variable ? isYes(variable) : undefined);
}
