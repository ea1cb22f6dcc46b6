import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { realEffects } from '@backendai-e2e/cli/kind/effects';
import { environmentNames, MOST_ENVIRONMENTS, NAMES } from '@backendai-e2e/cli/kind/names';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { VERSIONS } from '@backendai-e2e/cli/machine/versions';
import { checkGrep } from '@backendai-e2e/cli/runs/run-spec';
import { createRun } from '@backendai-e2e/cli/runs/runs';
import { pathOf } from '@backendai-e2e/kube/request';
import type { TestRecord } from '@backendai-e2e/results/test-record';
import { type Bench, reportsOf, untilReady } from '../selftests/break-environment.ts';
import { type CheckOptions, checkChanges } from './check.ts';
import { type Defect, readDefects } from './defect-list.ts';
import { failuresWith, readFailures, writeFailures } from './failures.ts';
import { judge, type Outcome, type TestsBySuite, unproven } from './judge.ts';
import { managerLast, mustReconnect, overlapping, planGroups, selectDefects, suitesOf } from './plan.ts';
import { plant, undoAll, unplanted, untilPlanted } from './plant.ts';
import { changesOf } from './planting.ts';
import { readRecord, recordWith, settledIn, writeRecord } from './record.ts';
import {
  digestOf,
  isGood,
  merged,
  readTried,
  stillToTry,
  type Tried,
  tableOf,
  writeTried,
} from './results.ts';

/** Seconds for one suite beside a defect, which may make each test wait for its full time-out. */
const SUITE_SECONDS = 1_500;
/** Suites that run beside each other. */
const SUITES_AT_ONCE = 2;
/** Longest time until running managers reach replaced agents, milliseconds (ai.backend.manager.clients.agent.pool). */
const RECONNECT_MS = 100_000;
/** Time for undoing, also after Ctrl-C, milliseconds. */
const UNDO_MS = 1_200_000;

/** What a developer chooses of `./tools/dev defects`. */
export interface DefectOptions extends CheckOptions {
  /** Compare the list with the pinned release, and plant nothing. */
  check?: boolean;
  /** Only undo what an earlier call left planted. */
  undo?: boolean;
  /** Try again what earlier calls have settled. */
  again?: boolean;
  /** Leave out what the committed record settles. */
  untried?: boolean;
  /** JavaScript regular expression: only the tests whose full titles match run. */
  grep?: string;
  /** Names of defects, separated by commas. Default: all. */
  defects?: string;
  /** Names of suites, separated by commas. Default: those that the list names. */
  suites?: string;
  /** Most defects that are planted together. */
  atOnce: number;
  /** Plant all chosen defects as one group. The message of a failed test must tell them apart. */
  together?: boolean;
  /** Environment of the kept cluster. */
  environment: string;
}

/**
 * `tools/dev defects`: plants defects in the kept cluster, and runs the suites that should notice them. Writes
 * out/defects/defects.json and table.md after each group, and continues there when it is called again. Returns 0 when at least
 * 95 % of the chosen defects were caught, else 1. Returns 2 when the command could not run. Undoes what it planted, also after
 * Ctrl-C.
 */
export function defectsCommand(options: DefectOptions): Promise<number> {
  return withProvision(async (p) => {
    const all = readDefects();
    const [names, suites] = [namesIn(options.defects), namesIn(options.suites)];
    const chosen = selectDefects(all, { names, suites });
    if (options.check) return checkAll(chosen, options, p);
    checkGrep(options.grep);
    const bench = await benchOf(options.environment, p);
    try {
      await restore(bench, p);
      if (options.undo) return COMMAND_EXIT.passed;
      const recorded = options.untried ? settledIn(await readRecord(), all) : [];
      const earlier = async (): Promise<Tried[]> => merged(recorded, await readTried());
      let tried = options.again ? [] : await earlier();
      const left = stillToTry(chosen, tried);
      const clash = options.together ? overlapping(left) : undefined;
      if (clash) throw new Error(`${clash.join(' and ')} change the same text: plant them in separate calls`);
      const groups = options.together && left.length > 0 ? [left] : planGroups(left, options.atOnce);
      for (const group of groups) {
        const wanted = { names: suitesOf(group, suites), grep: options.grep };
        // Before the defects are undone, which may fail or be interrupted.
        const keep = async (outcomes: readonly Outcome[]): Promise<void> => {
          for (const { state, name, said } of outcomes) p.log(`${state}: ${name}: ${said}`);
          const fresh = outcomes.map((outcome) => withDigest(outcome, group));
          tried = merged(tried, fresh);
          // Another call may have written results of another environment meanwhile.
          await writeTried(all, merged(await earlier(), fresh));
          await writeRecord(
            recordWith(all, await readRecord(), fresh, { on: today(), release: VERSIONS.backendAi }),
          );
          await writeFailures(failuresWith(all, await readFailures(), fresh));
        };
        await tryGroup(bench, group, wanted, keep, p);
      }
      const mine = tried.filter(({ name }) => chosen.some((defect) => defect.name === name));
      console.log(tableOf(all, mine, { wide: false }));
      console.log('The messages: out/defects/table.md');
      return isGood(mine) ? COMMAND_EXIT.passed : COMMAND_EXIT.failed;
    } finally {
      await bench.client.close();
    }
  });
}

async function checkAll(defects: readonly Defect[], options: CheckOptions, p: Provision): Promise<number> {
  const changes = changesOf(defects);
  const checked = await checkChanges(changes, options, p);
  const wrong = checked.flatMap((one) => (one.wrong === null ? [] : [`${one.name}: ${one.wrong}`]));
  for (const line of wrong) console.error(line);
  const missing = changes.length - checked.length;
  const others = defects.length - changes.length;
  console.log(
    `${defects.length} defects: ${checked.length - wrong.length} of ${changes.length} changes of modules fit, ` +
      `${others} settings and withheld dependencies`,
  );
  return wrong.length + missing > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
}

async function benchOf(environment: string, p: Provision): Promise<Bench & { client: { close(): unknown } }> {
  const place = environmentNames(MOST_ENVIRONMENTS).find(({ name }) => name === environment);
  if (!place) throw new Error(`the kept cluster has no environment ${environment}: run "./e2e up" first`);
  const effects = realEffects(PROJECT_ROOT);
  const { kubectl } = await effects.tools(p);
  const kubeconfig = path.join(PROJECT_ROOT, NAMES.out, 'kubeconfig');
  const client = await effects.connect();
  return { client, kubectl, kubeconfig, environment, namespace: place.namespace };
}

/** The suites to run, and which of their tests. */
interface Wanted {
  names: readonly string[];
  grep: string | undefined;
}

/** Plants a group, runs the suites, judges each defect, and undoes everything. @param keep called with the outcomes before that */
async function tryGroup(
  bench: Bench,
  group: readonly Defect[],
  wanted: Wanted,
  keep: (outcomes: readonly Outcome[]) => Promise<void>,
  p: Provision,
): Promise<void> {
  p.log(`planting ${group.map(({ name }) => name).join(', ')}`);
  try {
    const failed = await plantGroup(bench, group, p);
    const planted = group.filter((defect) => !failed.has(defect.name));
    p.log(`running ${wanted.names.join(', ')}`);
    const tests = planted.length > 0 ? await runSuites(bench, wanted, p) : new Map<string, TestRecord[]>();
    for (const { defect, why } of await unprovenIn(bench, planted, p)) failed.set(defect.name, why);
    await keep(
      group.map((defect) => {
        const why = failed.get(defect.name);
        return why === undefined ? judge(defect, tests, planted) : unproven(defect, why);
      }),
    );
    p.log('undoing');
  } finally {
    await restore(bench, { ...p, signal: AbortSignal.timeout(UNDO_MS) });
  }
}

/**
 * Plants the components, the manager last. Managers reach replaced agents late, and a session that starts meanwhile stays as it
 * is. New managers reach them at once. Returns why a defect could not be planted, by its name.
 */
async function plantGroup(
  bench: Bench,
  group: readonly Defect[],
  p: Provision,
): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  const components = COMPONENTS.filter((one) => group.some(({ component }) => component === one));
  const attempt = async (component: Component, step: (defects: Defect[]) => Promise<void>): Promise<void> => {
    const defects = group.filter((defect) => defect.component === component && !failed.has(defect.name));
    try {
      if (defects.length > 0) await step(defects);
    } catch (error) {
      p.signal.throwIfAborted();
      for (const { name } of defects)
        failed.set(name, error instanceof Error ? error.message : String(error));
    }
  };
  for (const some of managerLast(components)) {
    await Promise.all(some.map((one) => attempt(one, (defects) => plant(bench, one, defects, p))));
    for (const one of some) await attempt(one, () => untilPlanted(bench, one, p));
  }
  if (mustReconnect(components)) await delay(RECONNECT_MS, undefined, { signal: p.signal });
  return failed;
}

async function unprovenIn(
  bench: Bench,
  defects: readonly Defect[],
  p: Provision,
): Promise<{ defect: Defect; why: string }[]> {
  const found: { defect: Defect; why: string }[] = [];
  for (const component of COMPONENTS) {
    const mine = defects.filter((defect) => defect.component === component);
    if (mine.length === 0) continue;
    for (const defect of await unplanted(bench, component, mine, p)) {
      found.push({ defect, why: `no pod of ${component} imported the changed module` });
    }
  }
  return found;
}

/** Runs the suites to their end. A run that was interrupted is cancelled. */
async function runSuites(bench: Bench, { names, grep }: Wanted, p: Provision): Promise<TestsBySuite> {
  const timeoutSeconds = SUITE_SECONDS * names.length;
  const spec = {
    environmentRef: { name: bench.environment },
    suites: { names: [...names] },
    ...(grep ? { grep } : {}),
    timeoutSeconds,
    // One round shows a defect. More of them only repeat it.
    rounds: 1,
    parallelism: SUITES_AT_ONCE,
  };
  const run = await createRun(bench.client, NAMES.operatorNamespace, 'defects', spec, p.signal);
  try {
    const tests = new Map<string, TestRecord[]>();
    for (const report of await reportsOf(bench, run, p.signal, timeoutSeconds)) {
      const { suite } = report.spec;
      tests.set(suite, [...(tests.get(suite) ?? []), ...(report.status?.tests ?? [])]);
    }
    return tests;
  } finally {
    const runPath = pathOf(TEST_RUNS, { namespace: NAMES.operatorNamespace, name: run.metadata.name });
    await bench.client.mergePatch(runPath, { spec: { cancel: true } }, AbortSignal.timeout(30_000));
  }
}

async function restore(bench: Bench, p: Provision): Promise<void> {
  const restored = await undoAll(bench, p);
  if (restored.length > 0) p.log(`restored ${restored.join(', ')}`);
  await untilReady(bench, p);
}

function withDigest(outcome: Outcome, group: readonly Defect[]): Tried {
  const defect = group.find(({ name }) => name === outcome.name);
  return { ...outcome, digest: defect ? digestOf(defect) : '' };
}

/** The day, as in 2026-11-30. */
function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function namesIn(list: string | undefined): string[] | undefined {
  return list
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
