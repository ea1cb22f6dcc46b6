import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { observe } from '@backendai-e2e/kube/observe';
import { pathOf } from '@backendai-e2e/kube/request';
import { type BenchRow, benchRow } from './bench-row.ts';
import { type BenchTarget, bareJob, isComplete, type Job, untilNoPods } from './run-against-job.ts';

/** Number of suites, and of Jobs, that start at once: the maximum parallelism of a run. */
const COUNT = 50;
/** Requests of each pod, so small that a small machine schedules all of them at once. */
const RESOURCES = { requests: { cpu: '1m', memory: '16Mi' } };
const GOAL = 1.2;
/** Milliseconds for one trial. */
const TRIAL_MS = 600_000;
const BENCH_LABEL = 'e2e.backend.ai/bench';

/**
 * A run of 50 suites at once against 50 bare Jobs of the same file and image, alternately. Measures from the first creation to
 * the last final result that a watcher sees. The TestSuites exist before. Runs, suites and Jobs are removed afterwards.
 */
export async function suitesAtOnce(target: BenchTarget, repeats: number, count = COUNT): Promise<BenchRow> {
  const ours: number[] = [];
  const floor: number[] = [];
  const suites = pathOf(TEST_SUITES, { namespace: target.namespace });
  const names = Array.from({ length: count }, (_, index) => `bench-many-${index}`);
  try {
    for (const name of names) {
      const spec = { image: target.image, files: [target.file], onDemand: true, resources: RESOURCES };
      const suite = { apiVersion: API_VERSION, kind: 'TestSuite', metadata: { name }, spec };
      await target.client.apply(`${suites}/${name}`, suite, target.signal);
    }
    for (let turn = 0; turn < repeats; turn++) {
      const pair = turn % 2 === 0 ? ([asRun, asJobs] as const) : ([asJobs, asRun] as const);
      for (const trial of pair) {
        const seconds = await trial(target, names);
        target.log(`${count} ${trial === asRun ? 'suites' : 'bare Jobs'} at once: ${seconds.toFixed(1)} s`);
        (trial === asRun ? ours : floor).push(seconds);
      }
    }
  } finally {
    // A TestSuite that stays starts nothing: it is on demand, and the next bench applies it again.
    for (const name of names) await target.client.delete(`${suites}/${name}`).catch(() => undefined);
  }
  return benchRow(`${count} suites at once, against ${count} bare Jobs`, ours, floor, { goal: GOAL });
}

async function asRun(target: BenchTarget, suites: readonly string[]): Promise<number> {
  const name = `bench-many-${Date.now().toString(36)}`;
  const path = pathOf(TEST_RUNS, { namespace: target.namespace });
  const run = {
    apiVersion: API_VERSION,
    kind: 'TestRun',
    metadata: { name, namespace: target.namespace },
    spec: {
      environmentRef: { name: target.environment },
      suites: { names: suites },
      parallelism: suites.length,
    },
  };
  try {
    return await timed<TestRun>(
      target,
      path,
      () => target.client.create(path, run, target.signal),
      (seen) => {
        const one = seen.get(name);
        if (!isFinished(one)) return false;
        const { verdict, conditions } = one?.status ?? {};
        if (verdict !== 'Passed') {
          const why = conditions?.find(({ type }) => type === 'Succeeded')?.message;
          throw new Error(`TestRun ${name}: ${verdict}: ${why}`);
        }
        return true;
      },
    );
  } finally {
    await target.client.delete(`${path}/${name}`);
    await untilNoPods(target, `${LABELS.run}=${name}`, TRIAL_MS, 2_000);
  }
}

async function asJobs(target: BenchTarget, suites: readonly string[]): Promise<number> {
  const batch = `bench-floor-${Date.now().toString(36)}`;
  const path = `/apis/batch/v1/namespaces/${target.namespace}/jobs`;
  const names = suites.map((_, index) => `${batch}-${index}`);
  try {
    return await timed<Job>(
      target,
      path,
      () =>
        Promise.all(
          names.map((name) =>
            target.client.create(
              path,
              bareJob(name, target, { [BENCH_LABEL]: batch }, RESOURCES),
              target.signal,
            ),
          ),
        ),
      (seen) =>
        names.every((name) => {
          const one = seen.get(name);
          return one !== undefined && isComplete(name, one);
        }),
    );
  } finally {
    // The wait below fails when a pod of one is still there.
    for (const name of names) await target.client.delete(`${path}/${name}`).catch(() => undefined);
    await untilNoPods(target, `${BENCH_LABEL}=${batch}`, TRIAL_MS, 2_000);
  }
}

/** Seconds from the start of `begin` until `isDone` holds for what a watch of the collection shows. */
async function timed<T extends KubeObject>(
  target: BenchTarget,
  path: string,
  begin: () => Promise<unknown>,
  isDone: (seen: ReadonlyMap<string, T>) => boolean,
): Promise<number> {
  const limit = AbortSignal.timeout(TRIAL_MS);
  const signal = AbortSignal.any([target.signal, limit]);
  const watching = observe<T>(target.client, path, {}, { signal });
  await watching.next();
  const start = performance.now();
  const begun = begin();
  begun.catch(() => undefined);
  try {
    for await (const seen of watching) if (isDone(seen)) break;
    const seconds = (performance.now() - start) / 1000;
    await begun;
    return seconds;
  } catch (error) {
    // What could not be created is why nothing came of it.
    await begun;
    if (!limit.aborted || target.signal.aborted) throw error;
    throw new Error(`not all were done after ${TRIAL_MS / 1000} s: see kubectl get pods`, {
      cause: error,
    });
  } finally {
    await watching.return(undefined);
  }
}
