import { setTimeout as delay } from 'node:timers/promises';
import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { environmentsOf, isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { observe } from '@backendai-e2e/kube/observe';
import { pathOf } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { Secrets } from '@backendai-e2e/redaction/redaction';
import { type Pod, readObjects } from '../collect/cluster-logs.ts';
import { maskedLogs, secretsOfNamespaces } from '../collect/masked-logs.ts';
import { readSurroundings, type Surroundings } from '../collect/run-surroundings.ts';
import { newestFirst } from '../report/run-list.ts';
import { environmentsIn, type Snapshot } from '../runs/follow.ts';

/** A run and what surrounds it, as last seen. */
export interface SeenRun {
  snapshot: Snapshot & { run: TestRun };
  surroundings: Surroundings;
  pods: readonly Pod[];
  /** Secrets of the namespaces, as far as the reader may list them. */
  secrets: Pick<Secrets, 'mask'>;
}

/** Which run the live page follows. */
export interface LiveRunOptions {
  client: RestApi;
  namespace: string;
  /** Name of the run; undefined: always the newest. */
  run: string | undefined;
  /** Called after each change, at most once in a moment. */
  onChange(seen: SeenRun): void;
}

/** Milliseconds in which changes are joined. */
const MOMENT_MS = 300;
/** Milliseconds between two looks at pods, events, leases and faults: while the run goes on, and after it. */
const LOOK_MS = { going: 3_000, ended: 30_000 } as const;

/**
 * Follows a run with the rights of the reader: its objects by watches, what surrounds them by lists. Without a name, a newer
 * run replaces it. Ends only by rejecting: the signal's reason, or the refusal of the API server.
 */
export async function followLive(options: LiveRunOptions, ending: AbortSignal): Promise<never> {
  const stop = new AbortController();
  const signal = AbortSignal.any([ending, stop.signal]);
  const seen: Seen = { reports: new Map(), environments: new Map(), dirty: true };
  const all = [runs(options, seen, signal), environments(options, seen, signal), tell(options, seen, signal)];
  try {
    return await Promise.race(all);
  } finally {
    stop.abort(new Error('the run is no longer followed'));
    await Promise.allSettled(all);
  }
}

interface Seen {
  run?: TestRun;
  reports: ReadonlyMap<string, TestReport>;
  environments: ReadonlyMap<string, TestEnvironment>;
  /** Whether something changed since the last call. */
  dirty: boolean;
}

async function runs(
  { client, namespace, run: asked }: LiveRunOptions,
  seen: Seen,
  signal: AbortSignal,
): Promise<never> {
  let reports: { of: string; stop: AbortController; ended: Promise<void> } | undefined;
  const broken = Promise.withResolvers<never>();
  const follow = async (): Promise<never> => {
    for await (const found of observe<TestRun>(client, pathOf(TEST_RUNS, { namespace }), {}, { signal })) {
      const run = asked === undefined ? newestFirst([...found.values()])[0] : found.get(asked);
      // A run that was deleted stays on the page as it was.
      if (!run) continue;
      seen.run = run;
      seen.dirty = true;
      const { name } = run.metadata;
      if (reports?.of === name) continue;
      reports?.stop.abort(new Error('a newer run is shown'));
      await reports?.ended;
      const stop = new AbortController();
      seen.reports = new Map();
      const ended = reportsOf(
        { client, namespace },
        name,
        seen,
        AbortSignal.any([signal, stop.signal]),
      ).catch((error: unknown) => {
        if (!stop.signal.aborted) broken.reject(error);
      });
      reports = { of: name, stop, ended };
    }
    throw new Error('observe ended without an error');
  };
  return Promise.race([follow(), broken.promise]);
}

async function reportsOf(
  { client, namespace }: Pick<LiveRunOptions, 'client' | 'namespace'>,
  run: string,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  const query = { labelSelector: `${LABELS.run}=${run}` };
  const path = pathOf(TEST_REPORTS, { namespace });
  for await (const found of observe<TestReport>(client, path, query, { signal })) {
    seen.reports = found;
    seen.dirty = true;
  }
}

async function environments(
  { client, namespace }: LiveRunOptions,
  seen: Seen,
  signal: AbortSignal,
): Promise<never> {
  const path = pathOf(TEST_ENVIRONMENTS, { namespace });
  for await (const found of observe<TestEnvironment>(client, path, {}, { signal })) {
    seen.environments = found;
    seen.dirty = true;
  }
  throw new Error('observe ended without an error');
}

/** Reports changes, and looks around from time to time. */
async function tell(options: LiveRunOptions, seen: Seen, signal: AbortSignal): Promise<never> {
  let around: Around | undefined;
  for (;;) {
    const run = seen.run;
    if (run) {
      const snapshot = snapshotOf(seen, run);
      const every = isFinished(run) ? LOOK_MS.ended : LOOK_MS.going;
      const isOld = !around || around.of !== run.metadata.uid || performance.now() - around.at >= every;
      if (isOld || (seen.dirty && isFinished(run))) {
        around = await lookAround(options, snapshot, around, signal);
        seen.dirty = true;
      }
      if (seen.dirty && around) {
        seen.dirty = false;
        const { surroundings, pods, secrets } = around;
        options.onChange({ snapshot, surroundings, pods, secrets });
      }
    }
    await delay(MOMENT_MS, undefined, { signal });
  }
}

interface Around {
  of: string | undefined;
  at: number;
  namespaces: string;
  surroundings: Surroundings;
  pods: readonly Pod[];
  secrets: Secrets;
}

async function lookAround(
  { client, namespace }: LiveRunOptions,
  snapshot: Snapshot & { run: TestRun },
  before: Around | undefined,
  signal: AbortSignal,
): Promise<Around> {
  const others = environmentsIn(snapshot).flatMap(({ status }) => status?.namespace ?? []);
  const namespaces = [...new Set([namespace, ...others])];
  const names = namespaces.join(' ');
  const secrets =
    before?.namespaces === names
      ? before.secrets
      : (await secretsOfNamespaces(client, namespaces, signal)).secrets;
  const objects = maskedLogs({ ...(await readObjects(client, namespaces, signal)), logs: [] }, secrets);
  return {
    of: snapshot.run.metadata.uid,
    at: performance.now(),
    namespaces: names,
    pods: objects.pods,
    secrets,
    surroundings: await readSurroundings(client, snapshot, objects, namespaces, signal, { most: 1 }),
  };
}

function snapshotOf({ reports, environments: all }: Seen, run: TestRun): SeenRun['snapshot'] {
  const [first = '', ...more] = environmentsOf(run);
  const environment = all.get(first);
  // Items of a list lack kind and apiVersion.
  return {
    run: { ...run, apiVersion: API_VERSION, kind: 'TestRun' },
    ...(environment ? { environment } : {}),
    moreEnvironments: more.flatMap((name) => all.get(name) ?? []),
    reports: [...reports.values()].map((report) => ({
      ...report,
      ...{ apiVersion: API_VERSION, kind: 'TestReport' as const },
    })),
  };
}
