import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { type Command, Option } from 'commander';
import { given, isYes, suitesAtOnce, wholeSeconds } from '../commands/options.ts';
import type { StagingWords } from '../commands/staging.ts';
import type { End } from './end.ts';

// What the commands do is imported when they are called: `e2e --help` needs none of it.

type Values = Record<string, string | boolean | undefined>;

/** A laptop that sleeps or changes its network for so long does not lose its run. */
const DEFAULT_PATIENCE_SECONDS = 120;

/** Adds `staging`, `attach` and `images-push`. */
export function addStagingCommands(program: Command, end: End): void {
  const staging = cluster(program.command('staging'))
    .description('the suites against a Backend.AI that runs already; results in out/staging')
    .addOption(
      variable('--namespace <name>', 'namespace in which Backend.AI runs', 'E2E_DEPLOYMENT_NAMESPACE'),
    )
    .addOption(variable('--registry <host/path>', 'where images-push pushed to', 'E2E_REGISTRY'))
    .addOption(variable('--operator-image <ref>', 'instead of --registry', 'E2E_OPERATOR_IMAGE'))
    .addOption(variable('--suites-image <ref>', 'instead of --registry', 'E2E_SUITES_IMAGE'))
    .addOption(
      variable(
        '--runtime-image <ref>',
        "image suites-backend-ai, for suites of Backend.AI's own programs",
        'E2E_RUNTIME_IMAGE',
      ),
    )
    .addOption(
      variable('--pull-secret <name>', 'Secret in the test namespace to pull images with', 'E2E_PULL_SECRET'),
    )
    .addOption(
      variable('--secret <name>', "Secret with connection.json in Backend.AI's namespace", 'E2E_SECRET'),
    )
    .addOption(
      variable(
        '--connection <file>',
        'YAML or JSON with what Services and Secret do not tell',
        'E2E_CONNECTION_FILE',
      ),
    )
    .addOption(
      variable(
        '--operator-values <file>',
        "further values of the operator's chart, for example a bucket for artifacts",
        'E2E_OPERATOR_VALUES',
      ),
    )
    .addOption(variable('--suite <names>', 'suites, areas or suite files, comma separated', 'E2E_SUITE'))
    .addOption(variable('--grep <pattern>', 'only tests whose full title matches', 'E2E_GREP'))
    .addOption(variable('--parallel <n>', 'suites that may run side by side', 'E2E_PARALLEL'))
    .option('--no-slow', 'leave out suites that are marked slow (E2E_NO_SLOW=1)')
    .option('--no-audit', 'leave out the leak audit: others use the deployment too (E2E_NO_AUDIT=1)')
    .option('--dry-run', 'look at rights, endpoints and objects, and create nothing (E2E_DRY_RUN=1)')
    .option('--print-rights <user>', 'print what an administrator has to apply for that user, and end');
  staging.action(async (options: Values) => {
    const command = await import('../commands/staging.ts');
    const user = word(options.printRights);
    const code = user
      ? command.printRights(words(options), user)
      : await command.stagingCommand(words(options));
    await end(code, word(options.exitCodeTo));
  });

  cluster(program.command('attach'))
    .description('follow the run that "staging" left in the cluster, fetch its results, remove everything')
    .action(async (options: Values) => {
      const { attachCommand } = await import('../commands/staging.ts');
      await end(await attachCommand(words(options)), word(options.exitCodeTo));
    });

  program
    .command('images-push')
    .description('build the images of operator and suites and push them to a registry')
    .addOption(variable('--registry <host/path>', 'where to', 'E2E_REGISTRY'))
    .option('--insecure', 'plain HTTP, or HTTPS without checking (E2E_INSECURE=1)')
    .option('--all', 'also those of Backend.AI and its kernel (E2E_ALL=1)')
    .action(async (options: Values) => {
      const { imagesPushCommand } = await import('../commands/images-push.ts');
      const code = await imagesPushCommand({
        registry: word(options.registry) ?? '',
        insecure: options.insecure === true || isYes(process.env.E2E_INSECURE),
        all: options.all === true || isYes(process.env.E2E_ALL),
      });
      await end(code);
    });
}

/** What `staging` and `attach` have in common. */
function cluster(command: Command): Command {
  return command
    .addOption(variable('--kubeconfig <file>', 'kubeconfig of the cluster', 'E2E_KUBECONFIG'))
    .addOption(variable('--context <name>', 'context in it, if not its current one', 'E2E_CONTEXT'))
    .addOption(
      variable(
        '--test-namespace <name>',
        'namespace for operator and suites (backendai-e2e)',
        'E2E_TEST_NAMESPACE',
      ),
    )
    .addOption(variable('--timeout <seconds>', 'seconds for the run', 'E2E_TIMEOUT'))
    .addOption(
      variable(
        '--patience <seconds>',
        'seconds without an answer of the cluster until the run is left to itself',
        'E2E_PATIENCE',
      ),
    )
    .option('--keep', 'leave operator and run there at the end (E2E_KEEP=1)')
    .addOption(new Option('--exit-code-to <file>').hideHelp());
}

function variable(flags: string, description: string, env: string): Option {
  return new Option(flags, description).env(env);
}

function words(options: Values): StagingWords {
  const timeout = word(options.timeout);
  const patience = word(options.patience);
  const parallel = word(options.parallel);
  return {
    ...text('kubeconfig', options),
    ...text('context', options),
    ...text('namespace', options),
    ...text('testNamespace', options),
    ...text('registry', options),
    ...text('operatorImage', options),
    ...text('suitesImage', options),
    ...text('runtimeImage', options),
    ...text('pullSecret', options),
    ...text('secret', options),
    ...text('connection', options),
    ...text('operatorValues', options),
    ...text('suite', options),
    ...text('grep', options),
    includeSlow: options.slow !== false && !isYes(process.env.E2E_NO_SLOW),
    audit: options.audit !== false && !isYes(process.env.E2E_NO_AUDIT),
    parallelism: parallel ? suitesAtOnce(parallel) : RUN_DEFAULTS.parallelism,
    timeoutSeconds: timeout ? wholeSeconds(timeout, '--timeout') : RUN_DEFAULTS.timeoutSeconds,
    patienceSeconds: patience ? wholeSeconds(patience, '--patience') : DEFAULT_PATIENCE_SECONDS,
    keep: options.keep === true || isYes(process.env.E2E_KEEP),
    dryRun: options.dryRun === true || isYes(process.env.E2E_DRY_RUN),
  };
}

function text<K extends keyof StagingWords>(key: K, options: Values): { [P in K]?: string } {
  const value = word(options[key]);
  return value ? ({ [key]: value } as { [P in K]?: string }) : {};
}

function word(value: string | boolean | undefined): string | undefined {
  return given(typeof value === 'string' ? value : undefined);
}
