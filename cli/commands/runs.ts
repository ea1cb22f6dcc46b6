import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { environmentsOf, isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { pathOf } from '@backendai-e2e/kube/request';
import { runRecord } from '@backendai-e2e/results/run-record';
import { compared, comparison } from '../report/compare.ts';
import { flakyTable } from '../report/flaky.ts';
import { chooseRun, listOfRuns, newestFirst, oneRun } from '../report/run-list.ts';
import { namesOf, readRun } from '../runs/follow.ts';
import { listReports } from '../runs/reports.ts';
import { checkGrep, type RunWish, rerunSpec, specOf } from '../runs/run-spec.ts';
import { createRun, listRuns, listSuites } from '../runs/runs.ts';
import { type Format, show } from '../terminal/output.ts';
import { followToEnd } from './follow-run.ts';
import { atPlace, type Place, type PlaceOptions } from './place.ts';

/** Options of every command that shows a result of a cluster. */
export interface Asked extends PlaceOptions {
  output: Format;
}

/** `e2e run`: creates a TestRun and follows it; with `detach` only creates it. The exit code is its verdict. */
export function runCommand(options: Asked & RunWish & { detach: boolean }): Promise<number> {
  return atPlace(options, async (place) => {
    checkGrep(options.grep);
    const { catalog } = await listSuites(place.client, place.namespace, place.signal);
    const spec = specOf(options, catalog);
    const run = await createRun(place.client, place.namespace, 'run', spec, place.signal);
    return started(place, run, options);
  });
}

/** `e2e rerun`: the same run again, or only its failed suites. */
export function rerunCommand(
  name: string | undefined,
  options: Asked & { failed: boolean; detach: boolean },
): Promise<number> {
  return atPlace(options, async (place) => {
    const before = chooseRun(await runsOf(place), name, 'finished');
    if (!isFinished(before)) throw new Error(`${before.metadata.name} has not ended yet: e2e cancel ends it`);
    const spec = rerunSpec(before, options.failed);
    if (!spec) {
      console.error(`e2e: no suite of ${before.metadata.name} failed: there is nothing to run again`);
      return COMMAND_EXIT.passed;
    }
    const of = before.metadata.name;
    const run = await createRun(place.client, place.namespace, 'rerun', spec, place.signal, of);
    console.error(`e2e: ${run.metadata.name} repeats ${of}`);
    return started(place, run, options);
  });
}

async function started(place: Place, run: TestRun, options: Asked & { detach: boolean }): Promise<number> {
  if (options.detach) {
    if (options.output === 'table') console.log(run.metadata.name);
    else show(oneRun({ run, reports: [] }), options.output);
    return COMMAND_EXIT.passed;
  }
  console.error(`e2e: TestRun ${place.namespace}/${run.metadata.name}`);
  return (await followToEnd(place, run, options.output)).code;
}

/** `e2e watch`: follows a run (the newest) to its end. The exit code is its verdict. */
export function watchCommand(name: string | undefined, options: Asked): Promise<number> {
  return atPlace(options, async (place) => {
    const run = chooseRun(await runsOf(place), name);
    console.error(`e2e: TestRun ${place.namespace}/${run.metadata.name}`);
    return (await followToEnd(place, run, options.output)).code;
  });
}

/** `e2e cancel`: ends runs now. Those that have ended already are left as they are. */
export function cancelCommand(
  names: readonly string[],
  options: PlaceOptions & { all: boolean },
): Promise<number> {
  return atPlace(options, async (place) => {
    const runs = await runsOf(place);
    if (names.length === 0 && !options.all) throw new Error('which run? Name it, or use --all');
    const chosen = options.all ? runs : names.map((name) => chooseRun(runs, name));
    for (const run of chosen) {
      if (isFinished(run)) {
        if (!options.all)
          console.log(`${run.metadata.name} had ended already (${run.status?.verdict ?? ''})`);
        continue;
      }
      const path = pathOf(TEST_RUNS, { namespace: place.namespace, name: run.metadata.name });
      await place.client.mergePatch(path, { spec: { cancel: true } }, place.signal);
      console.log(`${run.metadata.name} is cancelled`);
    }
    return COMMAND_EXIT.passed;
  });
}

/** `e2e list`: the runs of the namespace, newest first. */
export function listCommand(
  options: Asked & { limit: number; active: boolean; failed: boolean; environment?: string },
): Promise<number> {
  return atPlace(options, async (place) => {
    const runs = newestFirst(await runsOf(place))
      .filter((run) => !options.active || !isFinished(run))
      .filter((run) => !options.failed || run.status?.phase === 'Failed')
      .filter((run) => !options.environment || environmentsOf(run).includes(options.environment))
      .slice(0, options.limit);
    if (runs.length === 0 && options.output === 'table') console.error('e2e: there is no such TestRun here');
    else show(listOfRuns(runs, new Date()), options.output);
    return COMMAND_EXIT.passed;
  });
}

/** `e2e show`: one run (the newest) as it stands. */
export function showCommand(name: string | undefined, options: Asked): Promise<number> {
  return atPlace(options, async (place) => {
    show(oneRun(await whole(place, chooseRun(await runsOf(place), name))), options.output);
    return COMMAND_EXIT.passed;
  });
}

/** `e2e flaky`: suites and tests that change their verdict, from the history that the cluster holds. */
export function flakyCommand(options: Asked & { all: boolean }): Promise<number> {
  return atPlace(options, async (place) => {
    const { suites } = await listSuites(place.client, place.namespace, place.signal);
    const reports = await listReports(place.client, place.namespace, place.signal);
    show(flakyTable(suites, reports, options.all), options.output);
    return COMMAND_EXIT.passed;
  });
}

/** `e2e compare`: what changed from one run to another. 1 where something broke. */
export function compareCommand(before: string, after: string, options: Asked): Promise<number> {
  return atPlace(options, async (place) => {
    const runs = await runsOf(place);
    const [a, b] = [chooseRun(runs, before), chooseRun(runs, after)];
    const result = comparison(runRecord(await whole(place, a)), runRecord(await whole(place, b)));
    show(compared(result), options.output);
    return result.broke.length > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
  });
}

/** The runs of a place's namespace. */
export function runsOf(place: Place): Promise<TestRun[]> {
  return listRuns(place.client, place.namespace, place.signal);
}

/** A run with its reports. */
export function whole(place: Place, run: TestRun) {
  return readRun(place.client, namesOf(place.namespace, run), place.signal);
}
