import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { LIMITS } from '@backendai-e2e/api/limits';
import { type Command, Option } from 'commander';
import type { Format } from '../terminal/output.ts';
import { isYes, text, wholeNumber } from './option-values.ts';
import { environmentVariable, flagOf, type Setting, type SettingName, VOCABULARY } from './vocabulary.ts';

/** An option for a text that an environment variable can give too. `value`: placeholder for the text in the help. */
export function textOption(name: SettingName, value: string, description: string): Option {
  return new Option(`${flagOf(name)} <${value}>`, description).env(environmentVariable(name)).argParser(text);
}

/** An option for a whole number from `least` to `most` that an environment variable can give too. */
export function numberOption(
  name: SettingName,
  value: string,
  description: string,
  least: number,
  most?: number,
): Option {
  return new Option(`${flagOf(name)} <${value}>`, description)
    .env(environmentVariable(name))
    .argParser(wholeNumber(least, most));
}

/** A flag without a value. Ask for it with {@link isOn}: an environment variable that holds "0" does not set it. */
export function switchOption(name: SettingName, description: string): Option {
  return new Option(flagOf(name), `${description} (env: ${environmentVariable(name)})`);
}

/** Whether the flag of a {@link switchOption} or else its environment variable is set. */
export function isOn(name: SettingName, flag: boolean | undefined): boolean {
  return flag === true || isYes(process.env[environmentVariable(name)]);
}

/** The Backend.AI to deploy. Readers of its value: cli/backend-ai/choice.ts. */
export function backendAiOption(): Option {
  return textOption(
    'backendAi',
    'which',
    'Backend.AI to deploy: a release, a series, latest, a folder of wheels, a checkout, or component=value,… (default: the pinned release)',
  );
}

/** The folder of the history. */
export function historyOption(): Option {
  const usual = '$E2E_HISTORY, else ~/.local/share/backendai-e2e/history';
  return new Option('--history <folder>', `folder of the history (default: ${usual})`).argParser(text);
}

/** Options that choose suites and tests, the same for every command that creates a run. */
export function choiceOptions(command: Command): Command {
  return command
    .addOption(textOption('suites', 'names', 'comma-separated suites, areas or suite files (default: all)'))
    .addOption(textOption('grep', 'pattern', 'run only tests whose full title matches'))
    .addOption(parallelismOption());
}

/** The option --parallelism. */
export function parallelismOption(): Option {
  const what = `suites that run at once in each environment (default: ${RUN_DEFAULTS.parallelism})`;
  return numberOption('parallelism', 'n', what, 1, LIMITS.parallelism);
}

/**
 * Treats an option with an empty text as not given. Make passes a variable that is not set as an empty one. Parsers cannot do
 * it: commander reads undefined from a parser as an empty text.
 */
export function ignoreEmptyOptions(program: Command): void {
  program.hook('preAction', (_program, command) => {
    for (const option of command.options) {
      const name = option.attributeName();
      if (command.getOptionValue(name) === '') command.setOptionValue(name, option.defaultValue);
    }
  });
}

/** Gives the options of a command their older names too, as hidden options. */
export function addOlderNames(command: Command): void {
  const settings: readonly Setting[] = VOCABULARY;
  for (const { name, older } of settings) {
    const option = command.options.find(({ long }) => long === flagOf(name));
    if (!older || !option || command.options.some(({ long }) => long === flagOf(older))) continue;
    const hidden = new Option(option.flags.replace(flagOf(name), flagOf(older))).hideHelp();
    if (option.parseArg) hidden.argParser(option.parseArg);
    command.addOption(hidden);
    command.on(`option:${hidden.name()}`, () => {
      const value: unknown = command.getOptionValue(hidden.attributeName());
      command.setOptionValueWithSource(option.attributeName(), value, 'cli');
      command.setOptionValue(hidden.attributeName(), undefined);
    });
  }
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
