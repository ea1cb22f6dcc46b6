import { KINDS, type KindName } from '@backendai-e2e/api/group';
import {
  FAULTS,
  TEST_ENVIRONMENTS,
  TEST_REPORTS,
  TEST_RUNS,
  TEST_SUITES,
} from '@backendai-e2e/api/resources';
import { PODS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { finalReport } from '../envtest/doubles/final-report.ts';
import type { OperatorHarness } from '../envtest/operator/harness.ts';
import { until } from '../envtest/waits/until.ts';
import { type Failures, failureLog, worstOf } from './failure-log.ts';
import { type FuzzedObject, makersOf } from './objects.ts';
import { endOf, lineEnd, SENTENCES } from './sentences.ts';
import { store } from './store.ts';

/** The kinds, in the order of their creation: a reference then meets an object. */
const RESOURCES = {
  TestEnvironment: TEST_ENVIRONMENTS,
  TestSuite: TEST_SUITES,
  TestRun: TEST_RUNS,
  TestReport: TEST_REPORTS,
  Fault: FAULTS,
} as const;

/** Environments of this many kinds of wishes are shared, so that the runs of one wait for each other. */
const SHARED_ENVIRONMENTS = ['fuzz-a', 'fuzz-b', 'fuzz-c'];
/** Failures in a row of one reconcile after which its object counts as wedged. */
const WEDGED = 8;
/** Objects that may be refused for each that is wanted. More are a defect of the fuzz. */
const MOST_REFUSED = 20;
/** Suites in one run of all suites. */
const AT_ONCE = 50;

/** Characters of an error that quotes an object. */
const LONGEST = 4_000;

/** How many random objects are stored, and which. */
export interface FuzzOptions {
  /** Objects that the API server must store. */
  objects: number;
  /** The same seed makes the same objects. */
  seed: number;
  /** Called with a line about the progress. */
  say: (line: string) => void;
}

/** What a fuzz found. */
export interface FuzzResult {
  seed: number;
  /** Objects that the API server stored, by kind. */
  stored: Record<KindName, number>;
  /** Objects that it refused, each with a sentence. */
  refused: number;
  seconds: number;
  /** Most failures in a row of one reconcile. */
  mostFailures: number;
  /** Largest heap of the process in MiB, after a collection where the process allows one. */
  heapMiB: number;
}

/**
 * Creates random objects of all kinds against an operator on a real API server. Plays runs of ordinary objects between them.
 * Rejects with the first object that ends without a sentence, cannot be deleted, or keeps an ordinary run from passing.
 */
export async function fuzz(harness: OperatorHarness, options: FuzzOptions): Promise<FuzzResult> {
  const failures: Failures = new Map();
  try {
    return await play(harness, options, failures);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${why.slice(0, LONGEST)}\nreconciles that failed: ${worstOf(failures).join('; ') || 'none'}`,
      {
        cause: error,
      },
    );
  }
}

async function play(
  harness: OperatorHarness,
  { objects, seed, say }: FuzzOptions,
  failures: Failures,
): Promise<FuzzResult> {
  const began = performance.now();
  const operator = harness.startOperator({ log: failureLog(failures) });
  const kinds = Object.keys(RESOURCES) as KindName[];
  const result: FuzzResult = {
    ...{ seed, stored: { TestEnvironment: 0, TestSuite: 0, TestRun: 0, TestReport: 0, Fault: 0 } },
    ...{ refused: 0, seconds: 0, mostFailures: 0, heapMiB: 0 },
  };
  await harness.suite('ordinary', { onDemand: true });
  for (const name of SHARED_ENVIRONMENTS) {
    await harness.environment(name, { external: {}, disruption: 'Allowed', invasiveSuites: 'Allowed' });
  }
  await ordinaryRun(harness, 'ordinary-0');
  const names = new Map<KindName, string[]>();
  for (const [index, kind] of kinds.entries()) {
    const wanted = Math.floor(objects / kinds.length) + (index < objects % kinds.length ? 1 : 0);
    const known = {
      environments: [...SHARED_ENVIRONMENTS, ...(names.get('TestEnvironment') ?? []).slice(0, 5)],
      suites: ['ordinary', ...(names.get('TestSuite') ?? [])],
      runs: ['ordinary-0', ...(names.get('TestRun') ?? [])],
    };
    const stored: string[] = [];
    const resource: Resource<KubeObject> = RESOURCES[kind];
    let tried = 0;
    for (const make of makersOf(kind, known, seed + index)) {
      if (stored.length === wanted || tried === wanted * MOST_REFUSED) break;
      const object = make(tried);
      tried += 1;
      if (await store(harness.client, resource, placed(harness.namespace, object))) stored.push(object.name);
      else result.refused += 1;
    }
    if (stored.length < wanted) {
      throw new Error(
        `only ${stored.length} of ${wanted} objects of kind ${kind} were stored: improve tools/fuzz`,
      );
    }
    names.set(kind, stored);
    result.stored[kind] = stored.length;
    say(`${stored.length} objects of kind ${kind} are stored`);
    await ordinaryRun(harness, `ordinary-${index + 1}`);
  }
  await everySentence(harness, names);
  say('every object says how it stands');
  await everySuite(harness, names.get('TestSuite') ?? []);
  say('every suite ended in a run');
  await everyEnd(harness, [...(names.get('TestRun') ?? [])]);
  await ordinaryRun(harness, 'ordinary-after');
  await everythingGoes(harness, names);
  say('every object could be deleted');
  await ordinaryRun(harness, 'ordinary-last');
  await operator.stop();
  const worst = [...failures].sort(([, one], [, other]) => other.failures - one.failures)[0];
  result.mostFailures = worst?.[1].failures ?? 0;
  if (worst && result.mostFailures >= WEDGED) {
    throw new Error(
      `the reconcile of ${worst[0]} failed ${result.mostFailures} times in a row: ${worst[1].why}`,
    );
  }
  result.heapMiB = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  result.seconds = Math.round((performance.now() - began) / 1000);
  return result;
}

/** The object as it is sent. An environment with a chart has a namespace of its own. */
function placed(namespace: string, { name, spec, status }: FuzzedObject) {
  const own = `${namespace}-${name}`.slice(0, 60).replace(/-+$/, '');
  return {
    metadata: { namespace, name },
    spec: 'chart' in spec ? { ...spec, namespace: own } : spec,
    ...(status ? { status } : {}),
  };
}

/** A run of ordinary objects passes, whatever else there is. */
async function ordinaryRun(harness: OperatorHarness, name: string): Promise<void> {
  await harness.environment(name);
  await harness.run(name, name, { suites: { names: ['ordinary'] } });
  await until(`${name} starts its attempt`, async () => {
    const status = (await harness.getRun(name))?.status;
    if (status?.suites?.[0]?.report) return true;
    throw new Error(JSON.stringify(status));
  });
  await harness.attempt(`${name}-ordinary-1`, 'Passed');
  const run = await harness.finished(name);
  if (run.status?.verdict !== 'Passed')
    throw new Error(`${name} did not pass: ${JSON.stringify(run.status)}`);
}

async function everySentence(
  harness: OperatorHarness,
  names: ReadonlyMap<KindName, string[]>,
): Promise<void> {
  const { client, namespace } = harness;
  for (const [kind, sentence] of Object.entries(SENTENCES)) {
    const ours = new Set(names.get(kind as KindName));
    await until(`every ${kind} says how it stands`, async () => {
      const resource: Resource<KubeObject> = RESOURCES[kind as KindName];
      const { items } = await client.list(resource, { namespace });
      const silent = items.filter(
        (item) =>
          ours.has(item.metadata.name) &&
          (sentence as (object: KubeObject) => string | undefined)(item) === undefined,
      );
      const [first] = silent;
      if (first) throw new Error(`${silent.length} do not, ${first.metadata.name}: ${JSON.stringify(first)}`);
      return true;
    });
  }
}

/** Each TestSuite ends in a run that selects it. Attempts that start report that they passed. */
async function everySuite(harness: OperatorHarness, suites: readonly string[]): Promise<void> {
  for (let first = 0; first < suites.length; first += AT_ONCE) {
    const name = `fuzz-suites-${first}`;
    await harness.environment(name, { external: {}, disruption: 'Allowed', invasiveSuites: 'Allowed' });
    await harness.run(name, name, {
      suites: { names: suites.slice(first, first + AT_ONCE) },
      parallelism: AT_ONCE,
      retryPolicy: { retries: 0 },
    });
    const reported = new Set<string>();
    await until(`every suite of ${name} ends`, async () => {
      const run = await harness.getRun(name);
      const lines = run?.status?.suites ?? [];
      for (const { state, report } of lines) {
        if (state !== 'Running' || report === undefined || reported.has(report)) continue;
        reported.add(report);
        await harness.report(report, finalReport('Passed'));
      }
      const open = lines.filter((line) => lineEnd(line) === undefined);
      if (run && endOf(run) !== undefined && open.length === 0) return true;
      throw new Error(
        `${open.length} of ${lines.length}: ${JSON.stringify(open[0] ?? run?.status?.conditions)}`,
      );
    });
  }
}

/** Each run ends when it is cancelled. */
async function everyEnd(harness: OperatorHarness, runs: readonly string[]): Promise<void> {
  const { client, namespace } = harness;
  for (const name of runs) {
    // A run whose ttlSecondsAfterFinished has passed is gone.
    if (!(await harness.getRun(name))) continue;
    await client.mergePatch(TEST_RUNS, { namespace, name }, { spec: { cancel: true } });
  }
  await until('every run has ended', async () => {
    const { items } = await client.list(TEST_RUNS, { namespace });
    const open = items.filter((run) => runs.includes(run.metadata.name) && endOf(run) === undefined);
    if (open.length > 0) throw new Error(`${open.length} are open: ${JSON.stringify(open[0])}`);
    return true;
  });
}

/** Each object can be deleted, those of which others need it first. */
async function everythingGoes(
  harness: OperatorHarness,
  names: ReadonlyMap<KindName, string[]>,
): Promise<void> {
  const { client, namespace } = harness;
  for (const [kind, ours] of names) {
    for (const name of ours) await client.delete(RESOURCES[kind], { namespace, name });
  }
  // The kubelet does not run here: pods in deletion stay, and would keep their Jobs.
  for (const pod of (await client.list(PODS, { namespace })).items) {
    await client.delete(PODS, { namespace, name: pod.metadata.name }, { gracePeriodSeconds: 0 });
  }
  for (const [kind, ours] of names) {
    await until(`every ${kind} is gone`, async () => {
      const resource: Resource<KubeObject> = RESOURCES[kind];
      const left = (await client.list(resource, { namespace })).items.filter(({ metadata }) =>
        ours.includes(metadata.name),
      );
      if (left.length > 0) throw new Error(`${left.length} stay: ${JSON.stringify(left[0])}`);
      return true;
    });
  }
}

/** One line with the figures. */
export function inWords({ seed, stored, refused, seconds, mostFailures, heapMiB }: FuzzResult): string {
  const all = Object.keys(KINDS).map((kind) => `${stored[kind as KindName]} ${kind}`);
  return `seed ${seed}: ${all.join(', ')} stored, ${refused} refused, none wedged, at most ${mostFailures} failures in a row, heap ${heapMiB} MiB, ${seconds} s`;
}
