import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Format } from '../terminal/output.ts';

/** How commands show their result; `junit` only where the result has tests. */
export function outputOption(formats: readonly Format[] = ['table', 'json', 'yaml']): Option {
  return new Option('-o, --output <format>', 'form of the result').choices(formats).default('table');
}

/** Adds the options that say which cluster and namespace. */
export function atCluster(command: Command): Command {
  return command
    .option(
      '--kubeconfig <file>',
      'cluster to talk to (default: $KUBECONFIG, else the kept cluster in out/e2e; as "kubectl e2e" also ~/.kube/config)',
    )
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option(
      '-n, --namespace <name>',
      'namespace of the operator (default: $E2E_NAMESPACE, else that of the context, else backendai-e2e)',
    );
}

/** A whole number from `least` on, as the value of an option. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < least || text.trim() === '') {
      throw new InvalidArgumentError(`It wants a whole number from ${least} on.`);
    }
    return number;
  };
}
