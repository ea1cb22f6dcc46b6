import { conditionOf } from '@backendai-e2e/api/conditions';
import { isFinished, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';
import type { Live } from '@backendai-e2e/page/model/data/page-data';
import { runRecord } from '@backendai-e2e/results/run-record';
import type { Snapshot } from '../runs/follow.ts';

/** How the reader names the cluster, as the options of the command say it. */
export interface ClusterNames {
  kubeconfig?: string;
  context?: string;
  namespace: string;
}

/** Suites whose output a command shows. */
const MOST_SUITES = 3;

/** What a reader may do next with a run, as commands to copy. Pure. */
export function nextCommands(seen: Snapshot & { run: TestRun }, names: ClusterNames): Live['commands'] {
  const { name } = seen.run.metadata;
  const { kubeconfig, context, namespace } = names;
  const cluster = [
    ...(kubeconfig ? ['--kubeconfig', kubeconfig] : []),
    ...(context ? ['--context', context] : []),
    '--namespace',
    namespace,
  ];
  const line = (...words: string[]) => words.map(quoted).join(' ');
  const e2e = (...words: string[]) => line('./e2e', ...words, ...cluster);
  const failed = runRecord(seen).suites.filter((suite) => suite.failed && suite.state === 'Finished');
  const succeeded = conditionOf(seen.run.status?.conditions, RUN_CONDITIONS.succeeded);
  const ended = isFinished(seen.run);
  return [
    ...(ended ? [] : [{ what: 'follow the run in a terminal', command: e2e('watch', name) }]),
    ...(ended ? [] : [{ what: 'end the run now', command: e2e('cancel', name) }]),
    ...failed.slice(0, MOST_SUITES).map((suite) => ({
      what: `print the output of ${suite.name}`,
      command: e2e('logs', name, suite.name),
    })),
    ...(ended && succeeded?.status === 'False'
      ? [{ what: 'repeat the suites that failed', command: e2e('rerun', name, '--failed') }]
      : []),
    { what: 'write results, logs and artifacts into a folder', command: e2e('report', name) },
    {
      what: 'see the object',
      command: line('kubectl', 'get', 'testrun', name, '--output', 'yaml', ...cluster),
    },
  ];
}

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
