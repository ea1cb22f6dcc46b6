import { given } from '@backendai-e2e/cli/commands/options';
import type { End } from '@backendai-e2e/cli/program/end';
import { type Command, Option } from 'commander';

/** Short suites that together use every part of a deployment. */
const SELFTEST_SUITES = 'session-lifecycle-create-session,session-lifecycle-execute-code,storage-file-upload';

/** Commands for the developers of this project. Actions load what they need when they are called. */
export function addDeveloperCommands(program: Command, end: End): void {
  program
    .command('test')
    .description("the project's own tests: format, lint, types, unit, charts, API server")
    .option('--part <name>', 'only this part')
    .action(async (options: { part?: string }) =>
      end(await (await import('./test.ts')).testCommand(options.part)),
    );
  program
    .command('fmt')
    .description('format the sources')
    .action(async () => end(await (await import('./test.ts')).formatCommand()));
  program
    .command('crds')
    .description("write the CRDs of packages/api into the operator's chart")
    .action(async () => end(await (await import('./test.ts')).crdsCommand()));
  program
    .command('catalog')
    .description("write the suites' metadata into the operator's chart and docs/suites.md")
    .action(async () => end(await (await import('../catalog/command.ts')).catalogCommand()));
  program
    .command('timings')
    .description('write the duration of each suite into suites/timings.json and docs/suites.md')
    .argument('<run.json>', 'results of a whole run, for example out/e2e/run.json')
    .action(async (file: string) => end(await (await import('../catalog/command.ts')).timingsCommand(file)));
  program
    .command('docs')
    .description("write the reference of the charts' values into docs/reference")
    .action(async () => end(await (await import('./test.ts')).docsCommand()));
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
      end(await (await import('../bench/command.ts')).benchCommand(Number(repeats), rows)),
    );
  program
    .command('cron-selftest')
    .description('the schedule with real ticks, one a minute, in kind: success, Forbid, failure, clean-up')
    .action(async () => end(await (await import('../selftests/cron-command.ts')).cronSelftestCommand()));
  program
    .command('breakages-selftest')
    .description(
      'breaks what each suite proves, in the kept cluster: the suite must see it (suites/breakages.yaml)',
    )
    .option('--suite <names>', 'only these, separated by commas')
    .option('--environment <names>', 'environments to break, separated by commas', 'e2e')
    .option('--list <file>', 'another list than suites/breakages.yaml')
    .action(async (options: { suite?: string; environment: string; list?: string }) =>
      end(await (await import('../selftests/breakages-command.ts')).breakagesSelftestCommand(options)),
    );
  program
    .command('count', { hidden: true })
    .description('the last line of CI: "N passed, N failed" over make test and the last job')
    .action(async () => end(await (await import('./count.ts')).countCommand()));
  addStagingSelftest(program, end);
}

/** Adds `staging-selftest`. */
function addStagingSelftest(program: Command, end: End): void {
  program
    .command('staging-selftest')
    .description('proves "staging" in kind: a second Backend.AI, a restricted user, a lost connection')
    .addOption(new Option('--suite <names>', 'suites to run there').env('E2E_SUITE'))
    .option('--cluster <name>', 'an existing kind cluster to use, which stays (needs --kubeconfig)')
    .option('--kubeconfig <file>', "the administrator's kubeconfig of that cluster")
    .option(
      '--deployment <namespace>',
      'where charts/backend-ai is installed in it already (default: installs it)',
    )
    .addOption(new Option('--exit-code-to <file>').hideHelp())
    .action(async (options: Record<string, string | undefined>) => {
      const { stagingSelftestCommand } = await import('../selftests/staging-command.ts');
      const name = given(options.cluster);
      const kubeconfig = given(options.kubeconfig);
      const deployment = given(options.deployment);
      const code = await stagingSelftestCommand({
        suites: given(options.suite) ?? SELFTEST_SUITES,
        ...(name && kubeconfig ? { cluster: { name, kubeconfig } } : {}),
        ...(name && kubeconfig && deployment ? { deployment } : {}),
      });
      await end(code, given(options.exitCodeTo));
    });
}
