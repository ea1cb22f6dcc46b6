import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { environmentsOf, isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { pathOf } from '@backendai-e2e/kube/request';
import { comparison } from '@backendai-e2e/results/comparison';
import { historyRecord } from '@backendai-e2e/results/history/derive';
import { measuredChanges } from '@backendai-e2e/results/history/measurement-gate';
import { plainLine } from '@backendai-e2e/results/plain-text';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { runRecord } from '@backendai-e2e/results/run-record';
import { readObjects } from '../collect/cluster-logs.ts';
import { readSurroundings } from '../collect/run-surroundings.ts';
import { budgetRecords } from '../report/budgets.ts';
import { compared } from '../report/compare.ts';
import { flakyTable } from '../report/flaky.ts';
import { chooseRun, listOfRuns, newestFirst, oneRun } from '../report/run-list.ts';
import { shownWaits } from '../report/waits.ts';
import { environmentsIn, namesOf, readRun, type Snapshot } from '../runs/follow.ts';
import { listReports } from '../runs/reports.ts';
import { checkGrep, type RunWish, rerunSpec, specOf } from '../runs/run-spec.ts';
import { createRun, listRuns, listSuites } from '../runs/runs.ts';
import { type Format, show } from '../terminal/output.ts';
import { type ClusterContext, type ClusterOptions, withCluster } from './cluster-context.ts';
import { followToEnd } from './follow-run.ts';

/** Options of every command that shows a result of a cluster. */
export interface ResultOptions extends ClusterOptions {
  output: Format;
}

/** Explains failures with all rules of the page. Only commands that explain load it: it doubles the time of their start. */
const firstCauses = () => import('../page/first-causes.ts');

/** `e2e run`: creates a TestRun and follows it; with `detach` only creates it. The exit code is its verdict. */
export function runCommand(options: ResultOptions & RunWish & { detach: boolean }): Promise<number> {
  return withCluster(options, async (cluster) => {
    checkGrep(options.grep);
    const { catalog } = await listSuites(cluster.client, cluster.namespace, cluster.signal);
    const spec = specOf(options, catalog);
    const run = await createRun(cluster.client, cluster.namespace, 'run', spec, cluster.signal);
    return started(cluster, run, options);
  });
}

/** `e2e rerun`: the same run again, or only its failed suites. */
export function rerunCommand(
  name: string | undefined,
  options: ResultOptions & { failed: boolean; detach: boolean },
): Promise<number> {
  return withCluster(options, async (cluster) => {
    const before = chooseRun(await runsOf(cluster), name, 'finished');
    if (!isFinished(before))
      throw new Error(`${before.metadata.name} has not ended; cancel it with e2e cancel`);
    const spec = rerunSpec(before, options.failed);
    if (!spec) {
      console.error(`e2e: no suite of ${before.metadata.name} failed: there is nothing to repeat`);
      return COMMAND_EXIT.passed;
    }
    const of = before.metadata.name;
    const run = await createRun(cluster.client, cluster.namespace, 'rerun', spec, cluster.signal, of);
    console.error(`e2e: ${run.metadata.name} repeats ${of}`);
    return started(cluster, run, options);
  });
}

async function started(
  cluster: ClusterContext,
  run: TestRun,
  options: ResultOptions & { detach: boolean },
): Promise<number> {
  if (options.detach) {
    if (options.output === 'table') console.log(run.metadata.name);
    else show(oneRun({ run, reports: [] }), options.output);
    return COMMAND_EXIT.passed;
  }
  console.error(`e2e: TestRun ${cluster.namespace}/${run.metadata.name}`);
  return (await followToEnd(cluster, run, options.output)).code;
}

/** `e2e watch`: follows a run (the newest) to its end. The exit code is its verdict. */
export function watchCommand(name: string | undefined, options: ResultOptions): Promise<number> {
  return withCluster(options, async (cluster) => {
    const run = chooseRun(await runsOf(cluster), name);
    console.error(`e2e: TestRun ${cluster.namespace}/${run.metadata.name}`);
    return (await followToEnd(cluster, run, options.output)).code;
  });
}

/** `e2e cancel`: ends runs now. Leaves finished ones alone. */
export function cancelCommand(
  names: readonly string[],
  options: ClusterOptions & { all: boolean },
): Promise<number> {
  return withCluster(options, async (cluster) => {
    const runs = await runsOf(cluster);
    if (names.length === 0 && !options.all) throw new Error('name a run, or use --all');
    const chosen = options.all ? runs : names.map((name) => chooseRun(runs, name));
    for (const run of chosen) {
      if (isFinished(run)) {
        if (!options.all)
          console.log(`${run.metadata.name} had already ended (${run.status?.verdict ?? ''})`);
        continue;
      }
      const place = pathOf(TEST_RUNS, { namespace: cluster.namespace, name: run.metadata.name });
      await cluster.client.mergePatch(place, { spec: { cancel: true } }, cluster.signal);
      console.log(`${run.metadata.name} is cancelled`);
    }
    return COMMAND_EXIT.passed;
  });
}

/** `e2e list`: the runs of the namespace, newest first. */
export function listCommand(
  options: ResultOptions & { limit: number; active: boolean; failed: boolean; environment?: string },
): Promise<number> {
  return withCluster(options, async (cluster) => {
    const runs = newestFirst(await runsOf(cluster))
      .filter((run) => !options.active || !isFinished(run))
      .filter((run) => !options.failed || run.status?.phase === 'Failed')
      .filter((run) => !options.environment || environmentsOf(run).includes(options.environment))
      .slice(0, options.limit);
    if (runs.length === 0 && options.output === 'table') console.error('e2e: no TestRun matches');
    else show(listOfRuns(runs, new Date()), options.output);
    return COMMAND_EXIT.passed;
  });
}

/**
 * `e2e show`: the current state of a run (default: the newest). People also see its faults and first causes. With `waits`,
 * its long waits instead. With `from`, the run of a folder of results instead of one in a cluster.
 */
export function showCommand(
  name: string | undefined,
  options: ResultOptions & { waits: boolean; from?: string },
): Promise<number> {
  if (options.from !== undefined) return showFolder(options.from, options);
  return withCluster(options, async (cluster) => {
    const found = await wholeRun(cluster, chooseRun(await runsOf(cluster), name));
    if (options.waits) {
      show(shownWaits(found), options.output);
      return COMMAND_EXIT.passed;
    }
    const more =
      options.output === 'table' ? [...(await storyOf(cluster, found)), ...(await worseIn(found))] : [];
    show(oneRun(found, more), options.output);
    return COMMAND_EXIT.passed;
  });
}

async function showFolder(
  folder: string,
  { waits, output }: { waits: boolean; output: Format },
): Promise<number> {
  const file = path.join(folder, 'run.json');
  try {
    const objects = readRunFile(await readFile(file, 'utf8'), file);
    const more = output === 'table' && !waits ? await (await firstCauses()).storyOfFolder(folder) : [];
    show(waits ? shownWaits(objects) : oneRun(objects, more), output);
    return COMMAND_EXIT.passed;
  } catch (error) {
    console.error(plainLine(`e2e: ${error instanceof Error ? error.message : String(error)}`));
    return COMMAND_EXIT.couldNotRun;
  }
}

/** What a finished run measured that is worse than in the runs of the history, with a line before it. */
async function worseIn(found: Snapshot & { run: TestRun }): Promise<string[]> {
  if (!isFinished(found.run) || found.run.status?.startedAt === undefined) return [];
  const { gateLines, judgeRecord } = await import('../history/run-gate.ts');
  const lines = gateLines(await judgeRecord(historyRecord(found)));
  return lines.length === 0 ? [] : ['', ...lines];
}

/**
 * The faults of a run, and what the cluster still says about the time of each failure. Logs stay out: there are too many for a
 * quick look.
 */
async function storyOf(cluster: ClusterContext, found: Snapshot & { run: TestRun }): Promise<string[]> {
  const { client, namespace, signal } = cluster;
  const failed = runRecord(found).suites.some((suite) => suite.failed && suite.state === 'Finished');
  const others = environmentsIn(found).flatMap(({ status }) => status?.namespace ?? []);
  const namespaces = failed ? [...new Set([namespace, ...others])] : [];
  const objects = failed
    ? await readObjects(client, namespaces, signal)
    : { pods: [], events: [], troubles: [] };
  const around = await readSurroundings(client, found, objects, namespaces, signal, { most: 1 });
  for (const line of around.cluster.missing) console.error(`e2e: what is below may be incomplete: ${line}`);
  const file = { run: found.run, reports: found.reports, events: [], ...around };
  const { knownSuites } = await import('../page/page-options.ts');
  return (await firstCauses()).storyLines(file, await knownSuites());
}

/**
 * `e2e flaky`: suites and tests that change their verdict, from the history that the cluster holds. 1 when a known issue
 * showed more often than its budget allows.
 */
export function flakyCommand(options: ResultOptions & { all: boolean }): Promise<number> {
  return withCluster(options, async (cluster) => {
    const { suites } = await listSuites(cluster.client, cluster.namespace, cluster.signal);
    const reports = await listReports(cluster.client, cluster.namespace, cluster.signal);
    show(flakyTable(suites, reports, options.all), options.output);
    const over = budgetRecords(reports).some((record) => record.over);
    return over ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
  });
}

/** `e2e compare`: what changed from one run to another. 1 where something broke. */
export function compareCommand(before: string, after: string, options: ResultOptions): Promise<number> {
  return withCluster(options, async (cluster) => {
    const runs = await runsOf(cluster);
    const [a, b] = [chooseRun(runs, before), chooseRun(runs, after)];
    const [old, now] = [await wholeRun(cluster, a), await wholeRun(cluster, b)];
    const result = comparison(runRecord(old), runRecord(now));
    const started = [old, now].every(({ run }) => run.status?.startedAt !== undefined);
    const measured = started ? measuredChanges(historyRecord(old), historyRecord(now)) : [];
    show(compared(result, measured), options.output);
    return result.broke.length > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
  });
}

/** The runs of a cluster's namespace. */
export function runsOf(cluster: ClusterContext): Promise<TestRun[]> {
  return listRuns(cluster.client, cluster.namespace, cluster.signal);
}

/** A run with its reports. */
export function wholeRun(cluster: ClusterContext, run: TestRun) {
  return readRun(cluster.client, namesOf(cluster.namespace, run), cluster.signal);
}
