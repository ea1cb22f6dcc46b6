import { OPERATOR_NAMESPACE } from '@backendai-e2e/api/group';
import type { End } from '@backendai-e2e/cli/program/end';
import { text, wholeNumber } from '@backendai-e2e/cli/program/option-values';
import { exitCodeOption, isOn, switchOption, textOption } from '@backendai-e2e/cli/program/shared-options';
import { environmentVariable } from '@backendai-e2e/cli/program/vocabulary';
import { type Command, Option } from 'commander';
import type { BacktestOptions } from '../backtest/command.ts';
import { PROOFS, type Proof, proofsOf } from '../sources/proofs.ts';

/** Short suites that together use every part of a deployment. */
const SELFTEST_SUITES = 'session-lifecycle-create-session,session-lifecycle-execute-code,storage-file-upload';

/** Adds the commands for the developers of this project. Actions load what they need when they are called. */
export function addDeveloperCommands(program: Command, end: End): void {
  addEveryday(program, end);
  addGenerators(program, end);
  addMeasurements(program, end);
  addRelease(program, end);
}

function addEveryday(program: Command, end: End): void {
  program.commandsGroup('Every day:');
  program
    .command('hooks')
    .description('install the pre-commit hook, which formats and lints what you staged')
    .action(async () => end(await (await import('./hooks.ts')).hooksCommand()));
  program
    .command('operator')
    .description('run the operator from its sources against the kept cluster, until Ctrl-C')
    .addOption(textOption('kubeconfig', 'file', 'cluster to use (default: the kept cluster)'))
    .option('-n, --namespace <name>', 'namespace of the operator', OPERATOR_NAMESPACE)
    .option('--inspect <port>', 'open the debugger of Node.js on this port', wholeNumber(1, 65_535))
    .option('--no-watch', 'do not restart the operator when a source file changes')
    .option('--log-level <level>', 'log level of the operator', 'info')
    .action(async (options) =>
      end(await (await import('../dev-operator/command.ts')).devOperatorCommand(options)),
    );
  program
    .command('test')
    .description("run the project's own tests: format, lint, types, unit, charts, API server")
    .option('--part <name>', 'run only this part: lint, unit or integration')
    .option(
      '--late-ms <ms>',
      'the API server answers each operator late, at random: finds decisions on old data',
    )
    .action(async (options: { part?: string; lateMs?: string }) =>
      end(await (await import('./test.ts')).testCommand(options.part, options.lateMs)),
    );
  program
    .command('test-ui')
    .description('open pages of runs in Chromium, and check what a person would notice')
    .option('--run <folder...>', 'folders of real runs (besides out/e2e and out/staging, if they are there)')
    .option('--only <name...>', 'open only these pages')
    .option('--record <folder>', 'open nothing; keep the results in this folder as a real run for this test')
    .action(async (options: { run?: string[]; only?: string[]; record?: string }) =>
      end(await (await import('../page-browser/command.ts')).testUiCommand(options)),
    );
  program
    .command('recording')
    .description('draw the recording in the README from the job.log of a whole run')
    .argument('<folder>', 'results of the job, for example out/e2e')
    .action(async (folder: string) =>
      end(await (await import('../recording/command.ts')).recordingCommand(folder)),
    );
  program
    .command('fmt')
    .description('format the sources')
    .action(async () => end(await (await import('./test.ts')).formatCommand()));
  program
    .command('count', { hidden: true })
    .description('print the last line of CI: "N passed, N failed"')
    .argument('[folders...]', 'results of jobs (out/e2e if there are none)')
    .action(async (folders: string[]) => end(await (await import('./count.ts')).countCommand(folders)));
}

function addGenerators(program: Command, end: End): void {
  program.commandsGroup('Generate files:');
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
    .command('walls')
    .description('write the import rules of tools/walls into biome.walls.json')
    .action(async () => end((await import('../walls/biome-walls.ts')).wallsCommand()));
  program
    .command('lock')
    .description(
      'resolve the Backend.AI of versions.json again, and write its lock: cli/backend-ai/pinned.txt',
    )
    .action(async () => end(await (await import('./lock.ts')).lockCommand()));
  program
    .command('docs')
    .description('write the settings, the values of the charts, docs/defects.md and docs/backtest.md')
    .action(async () => end(await (await import('./test.ts')).docsCommand()));
}

function addMeasurements(program: Command, end: End): void {
  program.commandsGroup('Measure and prove:');
  program
    .command('bench')
    .description('compare a suite in a TestRun with the same suite in a bare Job; out/bench/index.html')
    .option('--repeats <n>', 'pairs of runs', '10')
    .addOption(
      new Option(
        '--rows <which>',
        'first: rows that take minutes; local: those without a cluster; all: also 50 suites at once and the operator',
      )
        .default('first')
        .env(environmentVariable('rows'))
        .argParser((value) => text(value) ?? 'first'),
    )
    .action(async ({ repeats, rows }: { repeats: string; rows: string }) =>
      end(await (await import('../bench/command.ts')).benchCommand(Number(repeats), rows)),
    );
  program
    .command('fuzz')
    .description('create random objects of all kinds against the operator on a real API server')
    .option('--objects <n>', 'objects to store', wholeNumber(5), 1000)
    .option('--seed <n>', 'seed of the objects: the same seed makes the same objects', wholeNumber(0), 1)
    .action(async (options: { objects: number; seed: number }) =>
      end(await (await import('../fuzz/command.ts')).fuzzCommand(options)),
    );
  program
    .command('many-reports')
    .description('start the operator, with the memory of its container, among many and large TestReports')
    .option('--large <n>', 'reports of 1.4 MB, as a hostile suite can write them', wholeNumber(0), 100)
    .option('--small <n>', 'ordinary reports', wholeNumber(0), 10_000)
    .action(async (options: { large: number; small: number }) =>
      end(await (await import('../soak/many-reports-command.ts')).manyReportsCommand(options)),
    );
  program
    .command('mutate')
    .description('change the code that suites share, one change at a time, and see whether specs notice')
    .argument('[paths...]', 'files or folders below suites (default: all shared code)')
    .option('--sample <n>', 'most mutants to try', wholeNumber(1), 200)
    .option('--seed <n>', 'seed of the sample: the same seed chooses the same mutants', wholeNumber(0), 1)
    .option('--record', 'write docs/mutation.md', false)
    .action(async (paths: string[], options) =>
      end(await (await import('../mutation/command.ts')).mutateCommand(paths, options)),
    );
  program
    .command('soak')
    .description('play runs for minutes while operator, API server, artifact server and clock fail by chance')
    .addOption(
      new Option('--minutes <n>', 'minutes to play')
        .default(30)
        .env(environmentVariable('minutes'))
        .argParser((value) => wholeNumber(1)(value) ?? 30),
    )
    .option('--seed <n>', 'seed of the chances', wholeNumber(0), 1)
    .action(async (options: { minutes: number; seed: number }) =>
      end(await (await import('../soak/command.ts')).soakCommand(options)),
    );
  program
    .command('cron-selftest')
    .description('prove the schedule in kind with a scheduled run each minute')
    .action(async () => end(await (await import('../selftests/cron-command.ts')).cronSelftestCommand()));
  program
    .command('policies-selftest')
    .description('prove the NetworkPolicies in kind, with a network that enforces them and real connections')
    .addOption(textOption('suites', 'names', 'suites to run under the policies'))
    .action(async ({ suites = SELFTEST_SUITES }: { suites?: string }) => {
      const { policiesSelftestCommand } = await import('../enforcement/command.ts');
      await end(await policiesSelftestCommand({ suites }));
    });
  program
    .command('breakages-selftest')
    .description('break what each suite proves, in the kept cluster: the suite must fail (suites/breakages)')
    .option('--suites <names>', 'comma-separated suites (default: all)')
    .option('--environment <names>', 'comma-separated environments to break', 'e2e')
    .option('--list <file>', 'list to use instead of suites/breakages')
    .action(async (options: { suites?: string; environment: string; list?: string }) =>
      end(await (await import('../selftests/breakages-command.ts')).breakagesSelftestCommand(options)),
    );
  program
    .command('sources-selftest')
    .description(
      'run a suite on wheels and on a checkout with a defect, in the kept cluster; search its commits',
    )
    .addOption(
      new Option(
        '--proofs <names>',
        'comma-separated: wheels, checkout, loop, bisect (default: all)',
      ).argParser(proofsOf),
    )
    .option('--rounds <n>', 'edits of the loop that are measured', wholeNumber(1, 20), 5)
    .action(async ({ proofs, rounds }: { proofs?: Proof[]; rounds: number }) => {
      const { sourcesSelftestCommand } = await import('../sources/command.ts');
      await end(await sourcesSelftestCommand({ proofs: proofs ?? PROOFS, rounds }));
    });
  program
    .command('defects')
    .description("plant defects in Backend.AI's own code, in the kept cluster: the suites must notice each")
    .option('--check', 'only compare suites/defects with the pinned release, without a cluster')
    .option('--import', 'with --check: also import each changed module')
    .option('--image <reference>', 'with --check: image with Backend.AI (default: the one that is built)')
    .option('--packages <folder>', 'with --check: folder with installed packages, in place of an image')
    .option('--defects <names>', 'comma-separated defects (default: all)')
    .option('--suites <names>', 'comma-separated suites (default: those that suites/defects names)')
    .option('--at-once <n>', 'most defects that are planted together', wholeNumber(1, 20), 1)
    .option('--together', 'plant all chosen defects at once: the messages of their tests must differ')
    .option('--environment <name>', 'environment of the kept cluster', 'e2e')
    .option('--again', 'also try the defects that out/defects holds results of')
    .option('--untried', 'leave out the defects that suites/defects-tried.json has results of')
    .addOption(textOption('grep', 'regex', 'run only the tests whose full title matches'))
    .option('--undo', 'only undo what an earlier call left planted')
    .action(async (options) => end(await (await import('../defects/command.ts')).defectsCommand(options)));
  program
    .command('backtest')
    .description('compare releases with and without each published repair: suites/backtest')
    .addOption(textOption('rows', 'ids', 'comma-separated repairs (default: all)'))
    .addOption(
      textOption(
        'pair',
        'releases',
        'compare these two, such as 26.9.0..26.9.6, by the repairs between them',
      ),
    )
    .addOption(textOption('series', 'name', 'compare by the repairs of this series, such as 26.9'))
    .option('--list', 'print the repairs and their results, and run nothing')
    .addOption(switchOption('dryRun', 'print what would be deployed, and run nothing'))
    .option('--resume', 'take the results that an earlier call left in out/backtest')
    .action(async ({ dryRun, ...options }: BacktestOptions) => {
      const { backtestCommand } = await import('../backtest/command.ts');
      await end(await backtestCommand({ ...options, dryRun: isOn('dryRun', dryRun) }));
    });
  program
    .command('staging-selftest')
    .description('prove "staging" in kind: a second Backend.AI, a restricted user, a lost connection')
    .addOption(textOption('suites', 'names', 'suites to run there'))
    .option('--cluster <name>', 'kind cluster that exists and stays (needs --kubeconfig)')
    .option('--kubeconfig <file>', "the administrator's kubeconfig of that cluster")
    .option(
      '--deployment <namespace>',
      'namespace where charts/backend-ai is installed (default: installs it)',
    )
    .addOption(exitCodeOption())
    .action(async (options: Record<string, string | undefined>) => {
      const { stagingSelftestCommand } = await import('../selftests/staging-command.ts');
      const { cluster: name, kubeconfig, deployment } = options;
      const code = await stagingSelftestCommand({
        suites: options.suites ?? SELFTEST_SUITES,
        ...(name && kubeconfig ? { cluster: { name, kubeconfig } } : {}),
        ...(name && kubeconfig && deployment ? { deployment } : {}),
      });
      await end(code, options.exitCodeTo);
    });
}

function addRelease(program: Command, end: End): void {
  program.commandsGroup('Release:');
  program
    .command('set-version')
    .description('write a version into every package.json and Chart.yaml')
    .argument('<version>', 'for example 0.3.0')
    .action(async (version: string) =>
      end(await (await import('../release/command.ts')).setVersionCommand(version)),
    );
  program
    .command('release')
    .description(
      'build charts, image archives, bills of materials and provenance into out/release; publish nothing',
    )
    .option('--no-images', 'leave out the image archives, which need Docker')
    .addOption(
      new Option('--key <file>', 'sign the checksums: a private key in PEM, or one of cosign').env(
        'COSIGN_KEY',
      ),
    )
    .action(async ({ images, key }: { images: boolean; key?: string }) =>
      end(await (await import('../release/command.ts')).releaseCommand(images, key || undefined)),
    );
}
