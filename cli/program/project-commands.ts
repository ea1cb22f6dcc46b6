import { Argument, type Command, Option } from 'commander';
import { COMMAND_EXIT } from '../../operator/api/runner.ts';
import type { Format } from '../report/output.ts';
import { outputOption } from './options.ts';
import type { End } from './program.ts';

/** Commands about this checkout. */
export function addProjectCommands(program: Command, end: End): void {
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
  program
    .command('test')
    .description("the project's own tests: format, lint, types, unit, charts, API server")
    .option('--part <name>', 'only this part')
    .action(async (options: { part?: string }) =>
      end(await (await import('../commands/test.ts')).testCommand(options.part)),
    );
  program
    .command('fmt')
    .description('format the sources')
    .action(async () => end(await (await import('../commands/test.ts')).formatCommand()));
  program
    .command('crds')
    .description("write the CRDs of operator/api into the operator's chart")
    .action(async () => end(await (await import('../commands/test.ts')).crdsCommand()));
  program
    .command('docs')
    .description("write the reference of the charts' values into docs/reference")
    .action(async () => end(await (await import('../commands/test.ts')).docsCommand()));
  program
    .command('bench')
    .description('one suite by TestRun against the same as a bare Job; out/bench/bench.json')
    .option('--repeats <n>', 'pairs of runs', '10')
    .addOption(
      new Option(
        '--rows <which>',
        'first: what takes minutes; all: also 50 at once, an environment, the operator itself',
      )
        .default('first')
        .env('E2E_BENCH_ROWS')
        // make hands on a variable that nobody set as an empty one.
        .argParser((text) => text || 'first'),
    )
    .action(async ({ repeats, rows }: { repeats: string; rows: string }) =>
      end(await (await import('../commands/bench.ts')).benchCommand(Number(repeats), rows)),
    );
  program
    .command('cron-selftest')
    .description('the schedule with real ticks, one a minute, in kind: success, Forbid, failure, clean-up')
    .action(async () => end(await (await import('../commands/cron-selftest.ts')).cronSelftestCommand()));
  program
    .command('breakages-selftest')
    .description(
      'breaks what each suite proves, in the kept cluster: the suite must see it (suites/breakages.yaml)',
    )
    .option('--suite <names>', 'only these, separated by commas')
    .option('--environment <names>', 'environments to break, separated by commas', 'e2e')
    .option('--list <file>', 'another list than suites/breakages.yaml')
    .action(async (options: { suite?: string; environment: string; list?: string }) =>
      end(await (await import('../commands/breakages-selftest.ts')).breakagesSelftestCommand(options)),
    );
  program
    .command('count', { hidden: true })
    .description('the last line of CI: "N passed, N failed" over make test and the last job')
    .action(async () => end(await (await import('../commands/count.ts')).countCommand()));
}
