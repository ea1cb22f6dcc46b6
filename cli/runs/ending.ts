import type { Ending } from '@backendai-e2e/api/run-outcome';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { printable } from '@backendai-e2e/results/plain-text';
import { Interrupted } from '../terminal/interrupt.ts';

export { type Ending, endingOfRun } from '@backendai-e2e/api/run-outcome';

/** The ending that an error means: it kept the job from running. The sentence carries its remedy where it has one. */
export function endingOfError(error: unknown): Ending {
  if (error instanceof Interrupted) return { code: COMMAND_EXIT.interrupted, sentence: error.message };
  const message = error instanceof Error ? error.message || error.name : String(error);
  const remedy = remedyOf(error);
  return {
    code: COMMAND_EXIT.couldNotRun,
    sentence: remedy ? `${message}\n  what to do: ${remedy}` : message,
  };
}

/** An ending after troubles that came later (clean-up, disagreeing outputs): a success becomes "could not run". */
export function withTroubles(ending: Ending, troubles: readonly string[]): Ending {
  if (troubles.length === 0) return ending;
  const sentence = [ending.sentence, ...troubles.map((trouble) => `also: ${trouble}`)].join('\n');
  return { code: ending.code === COMMAND_EXIT.passed ? COMMAND_EXIT.couldNotRun : ending.code, sentence };
}

/** What an exit code means, for the last line of the output. */
function meaningOf(code: Ending['code']): string {
  switch (code) {
    case COMMAND_EXIT.passed:
      return 'passed';
    case COMMAND_EXIT.failed:
      return 'the run did not succeed';
    case COMMAND_EXIT.couldNotRun:
      return 'could not run';
    case COMMAND_EXIT.interrupted:
      return 'interrupted';
  }
}

/**
 * The last line of a job's output. The sentence quotes what suites and components said. Its further lines are indented, so that
 * none of them can pass for the last line.
 */
export function lastLine({ code, sentence }: Ending): string {
  const [first = '', ...more] = printable(sentence).split('\n');
  const rest = more.map((line) => (line.startsWith('  ') ? line : `  ${line}`));
  return [`exit ${code} (${meaningOf(code)}): ${first}`, ...rest].join('\n');
}

function remedyOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('remedy' in error)) return undefined;
  return typeof error.remedy === 'string' ? error.remedy : undefined;
}
