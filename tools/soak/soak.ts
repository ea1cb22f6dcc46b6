import { readdirSync } from 'node:fs';
import { HISTORY_REPORT } from '@backendai-e2e/api/artifact-key';
import { LABELS } from '@backendai-e2e/api/group';
import { FAULTS, TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import {
  CONFIG_MAPS,
  JOBS,
  PODS,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
} from '@backendai-e2e/kube/builtin-resources';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import type { FaultHarness } from '../envtest/operator/fault-harness.ts';
import { TcpProxy } from '../envtest/proxies/tcp-proxy.ts';
import { startArtifactServer } from '../envtest/servers/artifact-server.ts';
import { until } from '../envtest/waits/until.ts';
import { diceOf, oneOf } from './dice.ts';
import { DisturbedOperator } from './disturbed-operator.ts';
import { DISTURBANCES, emptyResult, handles, heapMiB, leaksOf, type SoakResult, WARM_UP } from './result.ts';
import { type PlayedRun, playRun, wrongArchive, wrongResults } from './runner.ts';

/** Finished runs that stay; older ones are deleted. */
const KEPT_RUNS = 3;
/** Chances of a run to be cancelled, and of an attempt to fail. */
const CHANCES = { cancel: 0.15, fail: 0.2 };
/** Milliseconds for what is deleted to go: the operator looks for artifacts without a report every ten minutes. */
const GOING_MS = 720_000;

/** Objects that the operator makes for a run. */
const OF_RUNS: readonly Resource<KubeObject>[] = [
  TEST_REPORTS,
  JOBS,
  PODS,
  SERVICE_ACCOUNTS,
  ROLES,
  ROLE_BINDINGS,
  CONFIG_MAPS,
];

/** How long the soak lasts, and which chances it takes. */
export interface SoakOptions {
  minutes: number;
  /** The same seed makes the same chances. */
  seed: number;
  /** Folder of the artifact server. */
  folder: string;
  /** Called with a line about the progress. */
  say: (line: string) => void;
}

/**
 * Plays runs for some minutes. By chance, from a seed, the operator is killed, servers fail, and the clock jumps. Rejects when a run
 * or a fault never ends. Other problems are in the result.
 */
export async function soak(
  faults: FaultHarness,
  { minutes, seed, folder, say }: SoakOptions,
): Promise<SoakResult> {
  const { harness } = faults;
  const dice = diceOf(seed);
  const server = await startArtifactServer(harness, folder);
  const line = new TcpProxy(Number(new URL(server.access.url).port));
  const url = `http://127.0.0.1:${await line.start()}`;
  const operator = new DisturbedOperator(faults, line, { ...server.access, url });
  await harness.suite('alpha', { retries: 1 });
  await harness.suite('beta');
  await operator.start();
  const began = performance.now();
  const result = emptyResult(seed);
  const reports: string[] = [];
  while (performance.now() - began < minutes * 60_000) {
    const name = `soak-${result.runs}`;
    const disturbance = oneOf(dice, DISTURBANCES);
    const played: PlayedRun = { name, cancelled: dice() < CHANCES.cancel, reported: new Map() };
    const parallelism = 1 + Math.floor(dice() * 2);
    result.disturbances[disturbance] += 1;
    await harness.environment(name);
    await harness.run(name, name, { parallelism });
    await harness.pod(`${name}-alpha-1`);
    await operator.cause(disturbance);
    if (disturbance === 'fault') {
      await playFault(faults, name, dice() < 0.5 ? () => operator.cause('kill') : undefined);
      result.faults += 1;
    }
    if (played.cancelled) {
      const at = { namespace: harness.namespace, name };
      await harness.client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } });
    }
    const run = await playRun(faults, played, () => dice() < CHANCES.fail);
    operator.clear();
    const troubles = wrongResults(run, played);
    if (!played.cancelled) {
      for (const report of played.reported.keys()) {
        troubles.push(...[wrongArchive(await harness.archived(report))].filter((each) => each !== undefined));
        reports.push(report);
      }
    }
    result.problems.push(...troubles.map((problem) => `${name} (${disturbance}): ${problem}`));
    result.runs += 1;
    result.cancelled += played.cancelled ? 1 : 0;
    result.attempts += played.reported.size;
    await forget(faults, result.runs - 1 - KEPT_RUNS);
    if (result.runs === WARM_UP) {
      result.heapMiB.before = heapMiB();
      result.handles.before = handles();
    }
    if (result.runs % 10 === 0)
      say(`${result.runs} runs, ${result.problems.length} problems, heap ${heapMiB()} MiB`);
  }
  for (let back = KEPT_RUNS; back > 0; back -= 1) await forget(faults, result.runs - back);
  result.problems.push(...(await leftOf(faults, folder)));
  result.heapMiB.after = heapMiB();
  result.handles.after = handles();
  result.problems.push(...leaksOf(result));
  await operator.stop();
  await line.stop();
  await server.stop();
  result.seconds = Math.round((performance.now() - began) / 1000);
  return result;
}

/**
 * Pauses the container of a pod of its own, perhaps kills the operator, and heals it. Rejects when the fault does not end, with its
 * status.
 */
async function playFault(
  faults: FaultHarness,
  name: string,
  meanwhile: (() => Promise<void>) | undefined,
): Promise<void> {
  try {
    await stepsOfFault(faults, name, meanwhile);
  } catch (error) {
    const status = (await faults.fault(name).catch(() => undefined))?.status;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${why}; the fault: ${JSON.stringify(status)}`, { cause: error });
  }
}

async function stepsOfFault(
  faults: FaultHarness,
  name: string,
  meanwhile: (() => Promise<void>) | undefined,
): Promise<void> {
  const pod = await faults.pod(`target-${name}`, name);
  await faults.ask(name, { target: { component: name }, pause: {}, durationSeconds: 600 });
  await faults.tool(pod, 'pause', ['injected', 'inForce']);
  const phaseIs = (phase: string) =>
    until(`fault ${name} is ${phase}`, async () => {
      const status = (await faults.fault(name))?.status;
      if (status?.phase === phase) return true;
      throw new Error(JSON.stringify(status));
    });
  await phaseIs('InForce');
  await meanwhile?.();
  await faults.heal(name);
  await faults.tool(pod, 'resume', ['healed', 'seenHealed'], 'ended');
  await phaseIs('Healed');
  await faults.gone(`target-${name}`);
}

/** Deletes the run of a number, with its environment and its fault. */
async function forget({ harness: { client, namespace } }: FaultHarness, number: number): Promise<void> {
  const name = `soak-${number}`;
  for (const resource of [TEST_RUNS, TEST_ENVIRONMENTS, FAULTS]) {
    const at = { namespace, name };
    if (await client.get<KubeObject>(resource, at)) await client.delete(resource, at);
  }
}

/** What is still there after every run was deleted, a sentence each: objects, finalizers, artifacts. */
async function leftOf({ harness: { client, namespace } }: FaultHarness, folder: string): Promise<string[]> {
  const look = async (): Promise<string[]> => {
    const ofRuns = await Promise.all(
      OF_RUNS.map(async (resource) => {
        const { items } = await client.list(resource, { namespace, labelSelector: LABELS.run });
        return items.map(({ metadata }) => `${resource.kind} ${metadata.name} is left`);
      }),
    );
    const own = await Promise.all(
      [TEST_RUNS, TEST_ENVIRONMENTS, FAULTS].map(async (resource: Resource<KubeObject>) => {
        const { items } = await client.list(resource, { namespace });
        return items
          .filter(({ metadata }) => metadata.name.startsWith('soak-'))
          .map(
            ({ metadata: { name, finalizers = [] } }) =>
              `${resource.kind} ${name} is left (finalizers: ${finalizers.join()})`,
          );
      }),
    );
    // The history of runs stays on purpose.
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
      (each) => each.isFile() && !each.parentPath.includes(HISTORY_REPORT),
    );
    return [...ofRuns.flat(), ...own.flat(), ...files.map(({ name }) => `the artifact ${name} is left`)];
  };
  let left: string[] = [];
  const gone = async () => {
    left = await look();
    if (left.length > 0) throw new Error(left.join('; '));
    return true;
  };
  const waits = { withinMs: GOING_MS, everyMs: 1_000 };
  // What is left is the result.
  await until('nothing of the runs is left', gone, waits).catch(() => undefined);
  return left;
}
