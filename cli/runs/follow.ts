import { conditionOf } from '@backendai-e2e/api/conditions';
import { LABELS } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import { ENVIRONMENT_CONDITIONS, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { environmentsOf, isFinished, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { observe, type Watcher } from '@backendai-e2e/kube/observe';
import { pathOf } from '@backendai-e2e/kube/request';
import type { RestClient } from '@backendai-e2e/kube/rest-client';

/** The latest objects of one run on the API server. */
export interface Snapshot {
  environment?: TestEnvironment;
  /** Those that exist of the further environments, in a run that has several. */
  moreEnvironments?: readonly TestEnvironment[];
  run?: TestRun;
  reports: readonly TestReport[];
}

/** Where a run is, and its environments: the first one, and the others. */
export interface RunNames {
  namespace: string;
  environment: string;
  moreEnvironments?: readonly string[];
  run: string;
}

/** What following needs to know of a run that exists. */
export function namesOf(namespace: string, run: TestRun): RunNames {
  const [environment = '', ...more] = environmentsOf(run);
  return {
    namespace,
    environment,
    ...(more.length > 0 ? { moreEnvironments: more } : {}),
    run: run.metadata.name,
  };
}

/** The environments that were seen, in the order of the run. */
export function environmentsIn({ environment, moreEnvironments = [] }: Snapshot): TestEnvironment[] {
  return [...(environment ? [environment] : []), ...moreEnvironments];
}

/** The run did not move as it must: the operator is away, the run was deleted, or time is over. Exit code 2. */
export class RunLost extends Error {
  override readonly name = 'RunLost';
}

/** How long to follow a run, and what hears of it. */
export interface FollowOptions {
  signal: AbortSignal;
  onChange(seen: Snapshot): void;
  /** Milliseconds for the whole wait. */
  deadlineMs: number;
  /** Milliseconds until the operator must have written a first status. Default 90 000. */
  firstStatusMs?: number;
  /** Milliseconds without an answer of the API server after which following gives up. Default 60 000. */
  patienceMs?: number;
}

/** Whether the environment's own condition says Ready. */
export function isReady(environment: TestEnvironment | undefined): boolean {
  return conditionOf(environment?.status?.conditions, ENVIRONMENT_CONDITIONS.ready)?.status === 'True';
}

/**
 * Follows a run, its environment and its reports until the run is finished; calls onChange after every change.
 * Returns what was seen last, with every report of the run. Throws RunLost, ApiError, ClusterUnreachable, or the signal's reason.
 */
export async function followRun(
  client: Watcher,
  names: RunNames,
  options: FollowOptions,
): Promise<Snapshot & { run: TestRun }> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let seen: Snapshot = { reports: [] };
  const change = (part: Partial<Snapshot>): void => {
    seen = { ...seen, ...part };
    options.onChange(seen);
  };
  const watching = {
    signal,
    ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
  };
  const fieldSelector = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
  const { namespace } = names;
  const timers = [
    setTimeout(() => stop.abort(new RunLost(silent(names, seen))), options.firstStatusMs ?? 90_000),
    setTimeout(() => stop.abort(new RunLost(late(names, seen, options.deadlineMs))), options.deadlineMs),
  ];

  const more = new Map<string, TestEnvironment>();
  const environment = async (name: string): Promise<never> => {
    const path = pathOf(TEST_ENVIRONMENTS, { namespace });
    const query = fieldSelector(name);
    for await (const found of observe<TestEnvironment>(client, path, query, watching)) {
      const one = found.get(name);
      if (!one) continue;
      if (name === names.environment) {
        change({ environment: one });
      } else {
        more.set(name, one);
        change({ moreEnvironments: (names.moreEnvironments ?? []).flatMap((each) => more.get(each) ?? []) });
      }
    }
    throw new Error('observe ended without an error');
  };
  const reportsNow = (until: AbortSignal) =>
    observe<TestReport>(
      client,
      pathOf(TEST_REPORTS, { namespace }),
      { labelSelector: `${LABELS.run}=${names.run}` },
      { ...watching, signal: until },
    );
  const reports = async (): Promise<never> => {
    for await (const found of reportsNow(signal)) change({ reports: [...found.values()] });
    throw new Error('observe ended without an error');
  };
  const run = async (): Promise<TestRun> => {
    const path = pathOf(TEST_RUNS, { namespace });
    for await (const found of observe<TestRun>(client, path, fieldSelector(names.run), watching)) {
      const one = found.get(names.run);
      if (!one)
        throw new RunLost(`TestRun ${names.namespace}/${names.run} was deleted while it was followed`);
      if (one.status) clearTimeout(timers[0]);
      change({ run: one });
      if (isFinished(one)) return one;
    }
    throw new Error('observe ended without an error');
  };

  const environments = [names.environment, ...(names.moreEnvironments ?? [])];
  const all = [run(), ...environments.map(environment), reports()];
  try {
    await Promise.race(all);
    const last = seen.run;
    if (!last) throw new Error('the run finished unseen');
    // Two watches have no common order: the end of the run may arrive before its last reports.
    for await (const found of reportsNow(options.signal)) {
      change({ reports: [...found.values()] });
      break;
    }
    return { ...seen, run: last };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    stop.abort();
    await Promise.allSettled(all);
  }
}

/** The current run and its reports from the API server. */
export async function readRun(
  client: Pick<RestClient, 'get'>,
  names: RunNames,
  signal?: AbortSignal,
): Promise<Snapshot & { run: TestRun }> {
  const run = await client.get<TestRun>(
    pathOf(TEST_RUNS, { namespace: names.namespace, name: names.run }),
    {},
    signal,
  );
  const list = await client.get<{ items: TestReport[] }>(
    pathOf(TEST_REPORTS, { namespace: names.namespace }),
    { labelSelector: `${LABELS.run}=${names.run}` },
    signal,
  );
  const lookUp = async (name: string) => {
    const { items } = await client.get<{ items: (TestEnvironment & KubeObject)[] }>(
      pathOf(TEST_ENVIRONMENTS, { namespace: names.namespace }),
      { fieldSelector: `metadata.name=${name}` },
      signal,
    );
    return items[0];
  };
  const environment = await lookUp(names.environment);
  const more = await Promise.all((names.moreEnvironments ?? []).map(lookUp));
  return {
    run,
    // Items of a list lack kind and apiVersion; run.json holds whole objects.
    reports: list.items.map((item) => ({ ...item, apiVersion: run.apiVersion, kind: 'TestReport' })),
    ...(environment ? { environment } : {}),
    ...(more.length > 0 ? { moreEnvironments: more.filter((each) => each !== undefined) } : {}),
  };
}

function silent(names: RunNames, seen: Snapshot): string {
  return seen.run
    ? `the operator did not start TestRun ${names.namespace}/${names.run}: it has no status yet. Read the operator's log in the folder logs of the results`
    : `TestRun ${names.namespace}/${names.run} was not seen`;
}

function late(names: RunNames, seen: Snapshot, deadlineMs: number): string {
  const succeeded = conditionOf(seen.run?.status?.conditions, RUN_CONDITIONS.succeeded);
  return (
    `TestRun ${names.namespace}/${names.run} was not finished after ${Math.round(deadlineMs / 1000)} s; ` +
    `last seen: phase ${seen.run?.status?.phase ?? 'unset'}, ${succeeded?.message ?? 'no condition Succeeded'}`
  );
}
