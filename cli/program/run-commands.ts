import type { Command } from 'commander';
import { NAMES } from '../kind/names.ts';
import type { End } from './end.ts';
import { atCluster, outputOption, wholeNumber } from './options.ts';

const RUN_ARGUMENT = 'TestRun (default: the newest)';

/** Commands about runs in a cluster. */
export function addRunCommands(program: Command, end: End): void {
  const runs = () => import('../commands/runs.ts');
  const files = () => import('../commands/run-files.ts');
  const command = (name: string, description: string): Command =>
    atCluster(program.command(name).description(description));

  command('run', 'run suites in an environment of the cluster and follow them')
    .option(
      '--environment <names>',
      'TestEnvironment, or a comma list of equal ones to spread the suites over',
      NAMES.environment,
    )
    .option('--suite <names>', 'suites, areas or suite files, comma separated (default: all)')
    .option('--grep <pattern>', 'only tests whose full title matches')
    .option('--no-slow', 'leave out suites that are marked slow')
    .option('--timeout <seconds>', 'seconds for the run', wholeNumber(1))
    .option('--parallelism <n>', 'suites at a time', wholeNumber(1))
    .option('--retries <n>', 'further attempts of a suite that failed', wholeNumber(0))
    .option('--fail-fast', 'start no further suite after one that failed', false)
    .option('--detach', 'do not follow: print the name of the run and end', false)
    .addOption(outputOption(['table', 'json', 'yaml', 'junit']))
    .action(async ({ slow, timeout, ...options }) =>
      end(
        await (await runs()).runCommand({
          ...options,
          includeSlow: slow,
          ...(timeout ? { timeoutSeconds: timeout } : {}),
        }),
      ),
    );
  command('watch', 'follow a run to its end; the exit code is its verdict')
    .argument('[run]', RUN_ARGUMENT)
    .addOption(outputOption(['table', 'json', 'yaml', 'junit']))
    .action(async (run: string | undefined, options) => end(await (await runs()).watchCommand(run, options)));
  command('cancel', 'end runs now; what has no result becomes Interrupted')
    .argument('[runs...]', 'TestRuns')
    .option('--all', 'every run that has not ended', false)
    .action(async (names: string[], options) => end(await (await runs()).cancelCommand(names, options)));
  command('rerun', 'run a finished run again and follow it')
    .argument('[run]', 'TestRun (default: the newest that has ended)')
    .option('--failed', 'only the suites that failed', false)
    .option('--detach', 'do not follow: print the name of the run and end', false)
    .addOption(outputOption(['table', 'json', 'yaml', 'junit']))
    .action(async (run: string | undefined, options) => end(await (await runs()).rerunCommand(run, options)));
  command('list', 'the runs of the namespace, newest first')
    .option('--limit <n>', 'so many', wholeNumber(1), 20)
    .option('--active', 'only those that have not ended', false)
    .option('--failed', 'only those that failed', false)
    .option('--environment <name>', 'only those in this TestEnvironment')
    .addOption(outputOption())
    .action(async (options) => end(await (await runs()).listCommand(options)));
  command('show', 'a run as it stands: suites, and the tests that did not pass')
    .argument('[run]', RUN_ARGUMENT)
    .addOption(outputOption(['table', 'json', 'yaml', 'junit']))
    .action(async (run: string | undefined, options) => end(await (await runs()).showCommand(run, options)));
  command('logs', "what the pods of a run's suites printed, or a component of its environment")
    .argument('[run]', RUN_ARGUMENT)
    .argument('[suite]', 'only this suite')
    .option('--component <name>', 'logs of this component of the environment instead, for example manager')
    .option('--tail <lines>', 'so many lines from the end of each', wholeNumber(1))
    .option('--timestamps', 'with the time of each line', false)
    .action(async (run: string | undefined, suite: string | undefined, options) =>
      end(await (await files()).logsCommand(run, suite, options)),
    );
  command(
    'report',
    'write everything that there is of a run into a folder: results, logs, artifacts with their sums',
  )
    .argument('[run]', RUN_ARGUMENT)
    .option('--out <folder>', 'where to (default: out/<run>)')
    .action(async (run: string | undefined, options) =>
      end(await (await files()).reportCommand(run, options)),
    );
  command('flaky', 'suites that change their verdict, and tests that both pass and fail')
    .option('--all', 'also suites that never changed', false)
    .addOption(outputOption())
    .action(async (options) => end(await (await runs()).flakyCommand(options)));
  command('compare', 'what changed from one run to another, test by test; exit code 1 where something broke')
    .argument('<before>', 'TestRun')
    .argument('<after>', 'TestRun')
    .addOption(outputOption())
    .action(async (before: string, after: string, options) =>
      end(await (await runs()).compareCommand(before, after, options)),
    );
}
