import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { LIMITS } from '@backendai-e2e/api/limits';
import { type Command, Option } from 'commander';
import type { Format } from '../terminal/output.ts';
import { text, wholeNumber } from './option-values.ts';

/** An option for a text that an environment variable can give too. */
export function textOption(flags: string, description: string, env: string): Option {
  return new Option(flags, description).env(env).argParser(text);
}

/** An option for a whole number that an environment variable can give too. */
export function numberOption(
  flags: string,
  description: string,
  env: string,
  least: number,
  most?: number,
): Option {
  return new Option(flags, description).env(env).argParser(wholeNumber(least, most));
}

/** Options that choose suites and tests, the same for every command that creates a run. */
export function choiceOptions(command: Command): Command {
  return command
    .addOption(
      textOption(
        '--suite <names>',
        'comma-separated suites, areas or suite files (default: all)',
        'E2E_SUITE',
      ),
    )
    .addOption(textOption('--grep <pattern>', 'run only tests whose full title matches', 'E2E_GREP'))
    .addOption(
      numberOption(
        '--parallelism <n>',
        `suites that run at once in each environment (default: ${RUN_DEFAULTS.parallelism})`,
        'E2E_PARALLELISM',
        1,
        LIMITS.parallelism,
      ),
    );
}

/** The format of a command's result. `junit` is only for results that contain tests. */
export function outputOption(formats: readonly Format[] = ['table', 'json', 'yaml']): Option {
  return new Option('-o, --output <format>', 'format of the result').choices(formats).default('table');
}

/** Adds the options that name a cluster and a namespace. */
export function clusterOptions(command: Command): Command {
  return command
    .option(
      '--kubeconfig <file>',
      'cluster to use (default: $KUBECONFIG, else the kept cluster; kubectl e2e also reads ~/.kube/config)',
    )
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option(
      '-n, --namespace <name>',
      'namespace of the operator (default: $E2E_NAMESPACE, else that of the context, else backendai-e2e)',
    );
}

/** Where make reads the exit code of a command: see the Makefile. */
export function exitCodeOption(): Option {
  return new Option('--exit-code-to <file>').hideHelp();
}
