import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { type Command, Option } from 'commander';
import {
  environmentsAtOnce,
  given,
  isYes,
  killsOperator,
  suitesAtOnce,
  wholeRounds,
  wholeSeconds,
} from '../commands/options.ts';
import type { Format } from '../terminal/output.ts';
import type { End } from './end.ts';
import { outputOption } from './options.ts';

const DEFAULT_TIMEOUT_SECONDS = 3_600;

/** Commands about this machine and the cluster on it. */
export function addMachineCommands(program: Command, end: End): void {
  program
    .command('kind')
    .description('the whole job: a kind cluster, Backend.AI in it, the suites, results in out/e2e')
    .addOption(
      new Option('--suite <names>', 'suites, areas or suite files, comma separated').env('E2E_SUITE'),
    )
    .addOption(new Option('--grep <pattern>', 'only tests whose full title matches').env('E2E_GREP'))
    .addOption(
      new Option('--rounds <n>', 'rounds of suites that try one thing several times').env('E2E_ROUNDS'),
    )
    .option('--keep', 'keep the cluster afterwards (E2E_KEEP=1)')
    .option('--reuse', 'run again on the kept cluster (E2E_REUSE=1)')
    .option('--no-slow', 'leave out suites that are marked slow (E2E_NO_SLOW=1)')
    .addOption(new Option('--timeout <seconds>', 'seconds for the run').env('E2E_TIMEOUT'))
    .addOption(
      new Option('--environments <n>', 'equal environments to spread the suites over (E2E_ENVIRONMENTS)').env(
        'E2E_ENVIRONMENTS',
      ),
    )
    .addOption(
      new Option('--parallel <n>', 'suites side by side in each environment (E2E_PARALLEL)').env(
        'E2E_PARALLEL',
      ),
    )
    .addOption(
      new Option(
        '--shuffle <seed>',
        'start the suites in a chance order, that of the seed (E2E_SHUFFLE)',
      ).env('E2E_SHUFFLE'),
    )
    .option('--kill-operator', 'kill the operator once in mid-run, as runs of all suites do')
    .option('--no-kill-operator', 'do not (E2E_KILL_OPERATOR=0)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addOption(new Option('--exit-code-to <file>').hideHelp())
    .action(async (options: Record<string, string | boolean | undefined>) => {
      const { kindCommand } = await import('../commands/kind.ts');
      const suite = given(text(options.suite));
      const grep = given(text(options.grep));
      const rounds = given(text(options.rounds));
      const timeout = given(text(options.timeout));
      const parallel = given(text(options.parallel));
      const environments = given(text(options.environments));
      const shuffle = given(text(options.shuffle));
      const code = await kindCommand({
        ...(suite ? { suite } : {}),
        ...(grep ? { grep } : {}),
        ...(rounds ? { rounds: wholeRounds(rounds, '--rounds') } : {}),
        keep: options.keep === true || isYes(process.env.E2E_KEEP),
        reuse: options.reuse === true || isYes(process.env.E2E_REUSE),
        includeSlow: options.slow !== false && !isYes(process.env.E2E_NO_SLOW),
        timeoutSeconds: timeout ? wholeSeconds(timeout, '--timeout') : DEFAULT_TIMEOUT_SECONDS,
        parallelism: parallel ? suitesAtOnce(parallel) : RUN_DEFAULTS.parallelism,
        ...(environments ? { environments: environmentsAtOnce(environments) } : {}),
        ...(shuffle ? { shuffle } : {}),
        ...killsOperator(options.killOperator, process.env.E2E_KILL_OPERATOR),
        dryRun: options.dryRun === true,
      });
      await end(code, text(options.exitCodeTo));
    });
  program
    .command('up')
    .description('the kind cluster with Backend.AI, ready and kept: for run, or to look around')
    .action(async () => end(await (await import('../commands/kind.ts')).upCommand()));
  program
    .command('down')
    .description('remove the kept cluster')
    .action(async () => end(await (await import('../commands/machine.ts')).downCommand()));
  program
    .command('doctor')
    .description('what this machine has, what will be built, what is missing')
    .addOption(outputOption())
    .action(async ({ output }: { output: Format }) =>
      end(await (await import('../commands/machine.ts')).doctorCommand(output)),
    );
  program
    .command('images')
    .description('build or fetch every image')
    .action(async () => end(await (await import('../commands/machine.ts')).imagesCommand()));
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
