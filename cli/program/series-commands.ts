import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import type { Command } from 'commander';
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

/** Seconds of each run: a new environment, and suites that may wait for their time-outs. */
const DEFAULT_TIMEOUT_SECONDS = 3_600;

/** What commander gives for the options that choose the tests of a series. */
interface SeriesWords {
  suites?: string;
  grep?: string;
  parallelism?: number;
  slow: boolean;
  timeout?: number;
  dryRun?: boolean;
}

/** What commander gives for the options of `matrix`. */
interface MatrixWords extends SeriesWords {
  versions?: string;
  informational?: string;
  exitCodeTo?: string;
}

/** Adds the commands that run the same tests on several Backend.AIs. */
export function addSeriesCommands(program: Command, end: End): void {
  program.commandsGroup('Compare several Backend.AIs, in kind:');
  seriesOptions(program.command('matrix'))
    .description('run the same suites on several Backend.AIs; a table of version and suite in out/matrix')
    .addOption(
      textOption(
        'versions',
        'list',
        'comma-separated values of --backend-ai, a column each',
      ).makeOptionMandatory(),
    )
    .addOption(
      textOption('informational', 'list', 'those of them that leave the exit code alone (default: none)'),
    )
    .addOption(switchOption('dryRun', 'print the plan and change nothing'))
    .addOption(exitCodeOption())
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ./e2e matrix --versions 26.9.0,26.9.6 --suites session-lifecycle',
        '  ./e2e matrix --versions 26.9.6,../backend.ai --informational ../backend.ai --suites storage',
        '  ./e2e matrix --versions "26.9.6;manager=26.9.6,agent=26.9.0" --suites session-lifecycle',
      ].join('\n'),
    )
    .action(async (words: MatrixWords) => {
      const { matrixCommand } = await import('../commands/matrix.ts');
      const { versions = '', informational } = words;
      const code = await matrixCommand({ ...testsOf(words), versions, ...given({ informational }) });
      await end(code, words.exitCodeTo);
    });
}

/** Options that choose what runs on each Backend.AI. */
function seriesOptions(command: Command): Command {
  return choiceOptions(command)
    .addOption(switchOption('noSlow', 'leave out suites that are marked slow'))
    .addOption(
      numberOption('timeout', 'seconds', `seconds for each run (default: ${DEFAULT_TIMEOUT_SECONDS})`, 1),
    );
}

function testsOf(words: SeriesWords) {
  const { suites, grep } = words;
  return {
    ...given({ suites, grep }),
    includeSlow: !isOn('noSlow', !words.slow),
    timeoutSeconds: words.timeout ?? DEFAULT_TIMEOUT_SECONDS,
    parallelism: words.parallelism ?? RUN_DEFAULTS.parallelism,
    dryRun: isOn('dryRun', words.dryRun),
  };
}
