import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import type { Command } from 'commander';
import type { StagingWords } from '../commands/staging.ts';
import type { End } from './end.ts';
import { given } from './option-values.ts';
import {
  choiceOptions,
  exitCodeOption,
  isOn,
  numberOption,
  switchOption,
  textOption,
} from './shared-options.ts';

// Actions import what they need when they are called: `e2e --help` needs none of it.

/** A laptop that sleeps or changes its network for this long does not lose its run. */
const DEFAULT_PATIENCE_SECONDS = 120;

/** What commander gives for the options of `staging` and `attach`. */
interface Words extends Omit<StagingWords, keyof typeof DEFAULTS> {
  slow?: boolean;
  audit?: boolean;
  allowInvasive?: boolean;
  parallelism?: number;
  timeout?: number;
  patience?: number;
  keep?: boolean;
  dryRun?: boolean;
  printRights?: string;
  exitCodeTo?: string;
}

const DEFAULTS = {
  includeSlow: true,
  audit: true,
  allowInvasive: false,
  parallelism: RUN_DEFAULTS.parallelism,
  timeoutSeconds: RUN_DEFAULTS.timeoutSeconds,
  patienceSeconds: DEFAULT_PATIENCE_SECONDS,
  keep: false,
  dryRun: false,
};

/** Adds `staging`, `attach` and `images-push`. */
export function addStagingCommands(program: Command, end: End): void {
  program.commandsGroup('Test a deployment that exists:');
  choiceOptions(atDeployment(program.command('staging')))
    .description('run the suites against a Backend.AI that already runs; results in out/staging')
    .addOption(textOption('deploymentNamespace', 'name', 'namespace of Backend.AI'))
    .addOption(textOption('registry', 'host/path', 'registry that images-push used'))
    .addOption(textOption('operatorImage', 'ref', 'operator image, instead of --registry'))
    .addOption(textOption('suitesImage', 'ref', 'suites image, instead of --registry'))
    .addOption(
      textOption('runtimeImage', 'ref', "image suites-backend-ai, for suites of Backend.AI's own programs"),
    )
    .addOption(textOption('pullSecret', 'name', 'image pull Secret in the test namespace'))
    .addOption(textOption('secret', 'name', "Secret with connection.json in Backend.AI's namespace"))
    .addOption(
      textOption('connectionFile', 'file', 'YAML or JSON file with what Services and Secret do not say'),
    )
    .addOption(
      textOption(
        'operatorValues',
        'file',
        "more values for the operator's chart, for example an artifact bucket",
      ),
    )
    .addOption(switchOption('noSlow', 'leave out suites that are marked slow'))
    .addOption(switchOption('noAudit', 'leave out the leak audit, for a shared deployment'))
    .addOption(
      switchOption('allowInvasive', 'run suites too that fill, drain or reconfigure what other users need'),
    )
    .addOption(switchOption('dryRun', 'check rights, endpoints and objects; create nothing'))
    .option('--print-rights <user>', 'print the manifests that an administrator applies for this user')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ./e2e staging --kubeconfig k.yaml --deployment-namespace backend-ai --registry registry.example/team --dry-run',
        '  ./e2e staging --deployment-namespace backend-ai --print-rights alice | kubectl apply -f -',
      ].join('\n'),
    )
    .action(async (words: Words) => {
      const command = await import('../commands/staging.ts');
      const code = words.printRights
        ? command.printRights(staged(words), words.printRights)
        : await command.stagingCommand(staged(words));
      await end(code, words.exitCodeTo);
    });
  atDeployment(program.command('attach'))
    .description('follow the run that "staging" left in the cluster, fetch its results, remove everything')
    .action(async (words: Words) => {
      const { attachCommand } = await import('../commands/staging.ts');
      await end(await attachCommand(staged(words)), words.exitCodeTo);
    });
  program
    .command('images-push')
    .description('build the operator and suites images and push them to a registry')
    .addOption(textOption('registry', 'host/path', 'registry to push to'))
    .addOption(switchOption('insecure', 'use plain HTTP, or HTTPS without verification'))
    .addOption(switchOption('all', 'also push the images of Backend.AI and its kernel'))
    .action(async (words: { registry?: string; insecure?: boolean; all?: boolean }) => {
      const { imagesPushCommand } = await import('../commands/images-push.ts');
      const code = await imagesPushCommand({
        registry: words.registry ?? '',
        insecure: isOn('insecure', words.insecure),
        all: isOn('all', words.all),
      });
      await end(code);
    });
}

/** Adds the options that `staging` and `attach` share. */
function atDeployment(command: Command): Command {
  return command
    .addOption(textOption('kubeconfig', 'file', 'kubeconfig of the cluster'))
    .addOption(textOption('context', 'name', 'context of the kubeconfig (default: its current one)'))
    .addOption(
      textOption('testNamespace', 'name', 'namespace for operator and suites (default: backendai-e2e)'),
    )
    .addOption(
      numberOption('timeout', 'seconds', `seconds for the run (default: ${RUN_DEFAULTS.timeoutSeconds})`, 1),
    )
    .addOption(
      numberOption(
        'patience',
        'seconds',
        `seconds without an answer of the cluster before the command detaches (default: ${DEFAULT_PATIENCE_SECONDS})`,
        1,
      ),
    )
    .addOption(switchOption('keep', 'leave operator and run in the cluster at the end'))
    .addOption(exitCodeOption());
}

function staged(words: Words): StagingWords {
  const { slow, audit, allowInvasive, parallelism, timeout, patience, keep, dryRun, ...others } = words;
  const { printRights: _user, exitCodeTo: _file, ...named } = others;
  return {
    ...given(named),
    ...DEFAULTS,
    ...given({ parallelism, timeoutSeconds: timeout, patienceSeconds: patience }),
    includeSlow: !isOn('noSlow', slow === false),
    audit: !isOn('noAudit', audit === false),
    allowInvasive: isOn('allowInvasive', allowInvasive),
    keep: isOn('keep', keep),
    dryRun: isOn('dryRun', dryRun),
  };
}
