import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { Command } from 'commander';
import { JOB_TIMEOUT_SECONDS } from '../kind/names.ts';
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

/** What commander gives for the options of `bisect`. */
interface BisectWords extends SeriesWords {
  good?: string;
  bad?: string;
  trial?: string;
  again: boolean;
  reuse?: boolean;
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
  addBisect(program, end);
}

function addBisect(program: Command, end: End): void {
  seriesOptions(program.command('bisect'))
    .description('find the release, the commit and the component since which tests are red')
    .option('--good <release>', 'release on which the tests pass')
    .option('--bad <which>', 'later release, or a checkout, on which one of them fails')
    .option('--trial <which>', 'run the tests on this Backend.AI only; the exit code is for "git bisect run"')
    .option('--again', 'forget what earlier calls tried', false)
    .addOption(
      switchOption('reuse', 'run every trial on the kept cluster, for commits that share a database'),
    )
    .addOption(switchOption('dryRun', 'print the plan and deploy nothing'))
    .addHelpText(
      'after',
      [
        '',
        'Exit codes: 0 with an answer, 1 without one. With --trial: 0 green, 1 red, 125 unknown, 128 wrong options.',
        '',
        'Examples:',
        "  ./e2e bisect --good 26.9.0 --bad 26.9.6 --suites journeys-admin-quota --grep 'deactivated'",
        '  ./e2e bisect --good 26.9.6 --bad ../backend.ai --suites session-lifecycle-create-session',
        '  git bisect run ../backendai-e2e/e2e bisect --trial . --suites session-lifecycle-create-session',
      ].join('\n'),
    )
    .action(async (words: BisectWords) => {
      const { bisectCommand, trialCommand } = await import('../commands/bisect.ts');
      const { good, bad, trial, again } = words;
      const { dryRun, ...chosen } = testsOf(words);
      const tests = { ...chosen, reuse: isOn('reuse', words.reuse) };
      if (trial !== undefined) return end(await trialCommand(trial, tests));
      if (good === undefined || bad === undefined) {
        console.error('e2e: bisect needs --good and --bad, or --trial. See ./e2e bisect --help.');
        return end(COMMAND_EXIT.couldNotRun);
      }
      return end(await bisectCommand({ ...tests, good, bad, again, dryRun }));
    });
}

/** Options that choose what runs on each Backend.AI. */
function seriesOptions(command: Command): Command {
  return choiceOptions(command)
    .addOption(switchOption('noSlow', 'leave out suites that are marked slow'))
    .addOption(
      numberOption('timeout', 'seconds', `seconds for each run (default: ${JOB_TIMEOUT_SECONDS})`, 1),
    );
}

function testsOf(words: SeriesWords) {
  const { suites, grep } = words;
  return {
    ...given({ suites, grep }),
    includeSlow: !isOn('noSlow', !words.slow),
    timeoutSeconds: words.timeout ?? JOB_TIMEOUT_SECONDS,
    parallelism: words.parallelism ?? RUN_DEFAULTS.parallelism,
    dryRun: isOn('dryRun', words.dryRun),
  };
}
