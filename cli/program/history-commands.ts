import { ARTIFACT_TOKEN_SECRET } from '@backendai-e2e/api/artifact-key';
import type { Command } from 'commander';
import type { End } from './end.ts';
import { wholeNumber } from './option-values.ts';
import { clusterOptions, historyOption, outputOption } from './shared-options.ts';

/** Adds the commands for the history of runs, which need no cluster. */
export function addHistoryCommands(program: Command, end: End): void {
  const commands = () => import('../commands/history.ts');
  const history = program
    .command('history')
    .description('keep what became of each run, after its cluster is gone')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ./e2e history add out/e2e                    add the run of a folder of results',
        '  ./e2e history list                           the runs, newest first',
        '  ./e2e history gate                           what the newest run measured, by the runs before it',
        '  ./e2e history export /mnt/ci/history         copy the runs that are missing there',
        '  ./e2e history import /mnt/ci/history         copy the runs that are missing here',
        '  ./e2e history prune --keep 500 --days 180    remove what is older',
      ].join('\n'),
    );
  const command = (name: string, description: string): Command =>
    history.command(name).description(description).addOption(historyOption());
  command('add', 'add the runs of folders of results')
    .argument('<folders...>', 'folders with run.json, such as out/e2e, or a folder of such folders')
    .action(async (folders: string[], options) =>
      end(await (await commands()).historyAddCommand(folders, options)),
    );
  command('list', 'list the runs, newest first')
    .option('--limit <n>', 'most runs to list', wholeNumber(1), 20)
    .addOption(outputOption())
    .action(async (options) => end(await (await commands()).historyListCommand(options)));
  command('gate', 'judge what a run measured by the runs before it; exit code 1 for a regression')
    .argument('[run]', 'name of a run in the history (default: the newest)')
    .option('--all', 'list every measurement, not only the worse ones', false)
    .addOption(outputOption())
    .action(async (run: string | undefined, options) =>
      end(await (await commands()).historyGateCommand(run, options)),
    );
  command('export', 'copy runs into another folder, those that are missing there')
    .argument('<folder>', 'folder to write')
    .option('--last <n>', 'only the newest runs', wholeNumber(1))
    .action(async (folder: string, options) =>
      end(await (await commands()).historyExportCommand(folder, options)),
    );
  command('import', 'copy runs from another folder, those that are missing here')
    .argument('<folder>', 'a history, or folders of results such as an earlier out')
    .action(async (folder: string, options) =>
      end(await (await commands()).historyImportCommand(folder, options)),
    );
  const clusterCommand = (name: string, description: string): Command =>
    clusterOptions(command(name, description))
      .option(
        '--artifacts-namespace <name>',
        'namespace of the artifact server, if the operator watches other namespaces (default: that of the runs)',
      )
      .option('--token-secret <name>', 'Secret with the token of the artifact server', ARTIFACT_TOKEN_SECRET);
  clusterCommand(
    'pull',
    'copy runs from the artifact server of a cluster, those that are missing here',
  ).action(async (options) => end(await (await commands()).historyPullCommand(options)));
  clusterCommand(
    'push',
    'copy runs to the artifact server of a cluster, those that are missing there',
  ).action(async (options) => end(await (await commands()).historyPushCommand(options)));
  command('prune', 'remove the runs beyond a number or an age')
    .option('--keep <n>', 'number of runs to keep, the newest', wholeNumber(1))
    .option('--days <d>', 'days after which a run goes', wholeNumber(1))
    .action(async (options) => end(await (await commands()).historyPruneCommand(options)));
}
