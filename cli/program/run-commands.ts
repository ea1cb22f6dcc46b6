import type { Command } from 'commander';
import { NAMES } from '../kind/names.ts';
import type { End } from './end.ts';
import { wholeNumber } from './option-values.ts';
import { clusterOptions, historyOption, outputOption } from './shared-options.ts';

const RUN_ARGUMENT = 'TestRun (default: the newest)';

/** Adds the commands for runs in a cluster. */
export function addRunCommands(program: Command, end: End): void {
  program.commandsGroup('Work with runs in a cluster:');
  const runs = () => import('../commands/runs.ts');
  const files = () => import('../commands/run-files.ts');
  const command = (name: string, description: string): Command =>
    clusterOptions(program.command(name).description(description));

  command('run', 'run suites in an environment and follow the run; the exit code is its verdict')
    .option(
      '--environment <names>',
      'TestEnvironment, or a comma-separated list of equal ones that share the suites',
      NAMES.environment,
    )
    .option('--suites <names>', 'comma-separated suites, areas or suite files (default: all)')
    .option('--grep <pattern>', 'run only tests whose full title matches')
    .option('--no-slow', 'leave out suites that are marked slow')
    .option('--timeout <seconds>', 'seconds for the run', wholeNumber(1))
    .option('--parallelism <n>', 'suites that run at once in each environment', wholeNumber(1))
    .option('--retries <n>', 'more attempts of a suite that failed', wholeNumber(0))
    .option('--fail-fast', 'start no more suites after one failed', false)
    .option('--detach', 'print the name of the run and do not follow it', false)
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
  command('cancel', 'end runs now; suites without a result become Interrupted')
    .argument('[runs...]', 'TestRuns')
    .option('--all', 'end every run that has not ended', false)
    .action(async (names: string[], options) => end(await (await runs()).cancelCommand(names, options)));
  command('rerun', 'repeat a finished run and follow it')
    .argument('[run]', 'TestRun (default: the newest that has ended)')
    .option('--failed', 'repeat only the suites that failed', false)
    .option('--detach', 'print the name of the run and do not follow it', false)
    .addOption(outputOption(['table', 'json', 'yaml', 'junit']))
    .action(async (run: string | undefined, options) => end(await (await runs()).rerunCommand(run, options)));
  command('list', 'list the runs of the namespace, newest first')
    .option('--limit <n>', 'most runs to list', wholeNumber(1), 20)
    .option('--active', 'list only runs that have not ended', false)
    .option('--failed', 'list only runs that failed', false)
    .option('--environment <name>', 'list only runs in this TestEnvironment')
    .addOption(outputOption())
    .action(async (options) => end(await (await runs()).listCommand(options)));
  command('show', 'show a run: its suites, and the tests that did not pass')
    .argument('[run]', RUN_ARGUMENT)
    .option('--waits', 'list what tests waited for, by test, if it took more than 5 seconds', false)
    .option('--from <folder>', 'show the run of this folder of results; needs no cluster')
    .addOption(outputOption(['table', 'json', 'yaml', 'junit']))
    .action(async (run: string | undefined, options) => end(await (await runs()).showCommand(run, options)));
  command('ui', 'show a run as a page on this machine that changes with it; the page only reads')
    .argument('[run]', 'TestRun (default: always the newest)')
    .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', wholeNumber(0, 65_535), 0)
    .addOption(historyOption())
    .action(async (run: string | undefined, options) =>
      end(await (await import('../commands/ui.ts')).uiCommand(run, options)),
    );
  command('logs', "print the output of a run's suites, or the logs of a component")
    .argument('[run]', RUN_ARGUMENT)
    .argument('[suite]', 'only this suite')
    .option('--component <name>', 'print the logs of this component instead, for example manager')
    .option('--tail <lines>', 'print only the last lines of each log', wholeNumber(1))
    .option('--timestamps', 'print the time of each line', false)
    .action(async (run: string | undefined, suite: string | undefined, options) =>
      end(await (await files()).logsCommand(run, suite, options)),
    );
  command('report', 'write results, logs and artifacts of a run into a folder')
    .argument('[run]', RUN_ARGUMENT)
    .option('--out <folder>', 'folder to write (default: out/<run>)')
    .option(
      '--artifacts-namespace <name>',
      'namespace of the artifact server, if the operator watches other namespaces (default: that of the run)',
    )
    .option('--from <folder>', 'make the page of this folder again; needs no cluster')
    .option(
      '--otlp <url>',
      'send the run as a trace to this OpenTelemetry collector, for example http://collector:4318',
    )
    .action(async (run: string | undefined, options) =>
      end(await (await files()).reportCommand(run, options)),
    );
  command('flaky', 'list suites that change their verdict, and tests that both pass and fail')
    .option('--all', 'list every suite', false)
    .addOption(outputOption())
    .action(async (options) => end(await (await runs()).flakyCommand(options)));
  command('compare', 'compare two runs test by test; exit code 1 if the second one broke something')
    .argument('<before>', 'TestRun')
    .argument('<after>', 'TestRun')
    .addOption(outputOption())
    .action(async (before: string, after: string, options) =>
      end(await (await runs()).compareCommand(before, after, options)),
    );
}
