import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, Option } from 'commander';
import { COMMAND_EXIT } from '../operator/api/runner.ts';
import { given, isYes, suitesAtOnce, wholeRounds, wholeSeconds } from './commands/options.ts';

// Commands are imported when they are called: `e2e --help` and `e2e suites` need none of what a job loads.

const DEFAULT_TIMEOUT_SECONDS = 3_600;
/** One after another, until more is known to be as stable. */
const DEFAULT_PARALLELISM = 1;

// Node would exit with 1, which here means that a suite failed.
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(COMMAND_EXIT.couldNotRun);
});

const program = new Command('e2e')
  .description('Runs Mocha suites against a real Backend.AI deployment in Kubernetes.')
  .helpCommand(false)
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : COMMAND_EXIT.couldNotRun);
  })
  .addHelpText(
    'after',
    '\nExit codes: 0 passed, 1 the run did not succeed (a suite failed), 2 could not run, 130 interrupted.',
  );

program
  .command('kind')
  .description('the whole job: a kind cluster, Backend.AI in it, the suites, results in out/e2e')
  .addOption(new Option('--suite <names>', 'suites, areas or suite files, comma separated').env('E2E_SUITE'))
  .addOption(new Option('--grep <pattern>', 'only tests whose full title matches').env('E2E_GREP'))
  .addOption(
    new Option('--rounds <n>', 'rounds of suites that try one thing several times').env('E2E_ROUNDS'),
  )
  .option('--keep', 'keep the cluster afterwards (E2E_KEEP=1)')
  .option('--reuse', 'run again on the kept cluster (E2E_REUSE=1)')
  .option('--no-slow', 'leave out suites that are marked slow (E2E_NO_SLOW=1)')
  .addOption(new Option('--timeout <seconds>', 'seconds for the run').env('E2E_TIMEOUT'))
  .addOption(
    new Option('--parallel <n>', 'suites that may run side by side (E2E_PARALLEL)').env('E2E_PARALLEL'),
  )
  .addOption(
    new Option('--shuffle <seed>', 'start the suites in a chance order, that of the seed (E2E_SHUFFLE)').env(
      'E2E_SHUFFLE',
    ),
  )
  .option('--dry-run', 'say what would be done, and do nothing')
  .addOption(new Option('--exit-code-to <file>').hideHelp())
  .action(async (options: Record<string, string | boolean | undefined>) => {
    const { kindCommand } = await import('./commands/kind.ts');
    const suite = given(text(options.suite));
    const grep = given(text(options.grep));
    const rounds = given(text(options.rounds));
    const timeout = given(text(options.timeout));
    const parallel = given(text(options.parallel));
    const shuffle = given(text(options.shuffle));
    const code = await kindCommand({
      ...(suite ? { suite } : {}),
      ...(grep ? { grep } : {}),
      ...(rounds ? { rounds: wholeRounds(rounds, '--rounds') } : {}),
      keep: options.keep === true || isYes(process.env.E2E_KEEP),
      reuse: options.reuse === true || isYes(process.env.E2E_REUSE),
      includeSlow: options.slow !== false && !isYes(process.env.E2E_NO_SLOW),
      timeoutSeconds: timeout ? wholeSeconds(timeout, '--timeout') : DEFAULT_TIMEOUT_SECONDS,
      parallelism: parallel ? suitesAtOnce(parallel) : DEFAULT_PARALLELISM,
      ...(shuffle ? { shuffle } : {}),
      dryRun: options.dryRun === true,
    });
    await end(code, text(options.exitCodeTo));
  });

program
  .command('down')
  .description('remove the kept cluster')
  .action(async () => end(await (await import('./commands/machine.ts')).downCommand()));
program
  .command('doctor')
  .description('what this machine has, what will be built, what is missing')
  .action(async () => end(await (await import('./commands/machine.ts')).doctorCommand()));
program
  .command('images')
  .description('build or fetch every image')
  .action(async () => end(await (await import('./commands/machine.ts')).imagesCommand()));
program
  .command('suites')
  .description('the suites that exist, by area')
  .action(async () => end(await (await import('./commands/machine.ts')).suitesCommand()));
program
  .command('test')
  .description("the project's own tests: format, lint, types, unit, charts, API server")
  .option('--part <name>', 'only this part')
  .action(async (options: { part?: string }) =>
    end(await (await import('./commands/test.ts')).testCommand(options.part)),
  );
program
  .command('fmt')
  .description('format the sources')
  .action(async () => end(await (await import('./commands/test.ts')).formatCommand()));
program
  .command('crds')
  .description("write the CRDs of operator/api into the operator's chart")
  .action(async () => end(await (await import('./commands/test.ts')).crdsCommand()));
program
  .command('bench')
  .description('one suite by TestRun against the same as a bare Job; out/bench/bench.json')
  .option('--repeats <n>', 'pairs of runs', '10')
  .action(async (options: { repeats: string }) =>
    end(await (await import('./commands/bench.ts')).benchCommand(Number(options.repeats))),
  );
program
  .command('count', { hidden: true })
  .description('the last line of CI: "N passed, N failed" over make test and the last job')
  .action(async () => end(await (await import('./commands/count.ts')).countCommand()));

await program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  return end(COMMAND_EXIT.couldNotRun);
});

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * Ends the process with a code. With a file (make's e2e-kind, see the Makefile) the code goes there as a line of make
 * and the process succeeds, unless it was interrupted.
 */
async function end(code: number, file?: string): Promise<void> {
  if (file && code !== COMMAND_EXIT.interrupted) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `E2E_EXIT_CODE := ${code}\n`);
    process.exit(COMMAND_EXIT.passed);
  }
  process.exit(code);
}
