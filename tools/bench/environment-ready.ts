import { writeFile } from 'node:fs/promises';
import { API_VERSION } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import {
  ENVIRONMENT_REASONS,
  START_FAILURES,
  type TestEnvironment,
} from '@backendai-e2e/api/test-environment';
import { isReady } from '@backendai-e2e/cli/runs/follow';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { observe } from '@backendai-e2e/kube/observe';
import { pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestApi } from '@backendai-e2e/kube/rest-client';
import { stringify } from 'yaml';
import { type BenchRow, benchRow } from './bench-row.ts';

/** Where environments are created and measured, by the operator and by helm alone. */
export interface EnvironmentPlace {
  client: RestApi;
  /** Of the operator. */
  namespace: string;
  /** Name of the chart in the operator's image, its folder here, and the values of both. */
  chart: { name: string; folder: string; values: Record<string, unknown> };
  /** Runs helm with these arguments against the cluster. Rejects when helm fails. */
  helm(args: string[], timeoutSeconds: number): Promise<unknown>;
  /** A file that may be written for helm. */
  valuesFile: string;
  signal: AbortSignal;
  log(line: string): void;
}

const GOAL = 1.15;
const NAME = 'bench-ready';
const NAMESPACES = '/api/v1/namespaces';
const TRIAL_SECONDS = 900;

/**
 * A TestEnvironment from its creation until Ready, against `helm install --wait` of the same chart with the same values, in
 * turns. Each is removed, namespace and all, before the next one. One install runs before, uncounted.
 */
export async function environmentReady(target: EnvironmentPlace, repeats: number): Promise<BenchRow> {
  const ours: number[] = [];
  const floor: number[] = [];
  await refuseBesideOthers(target);
  await writeFile(target.valuesFile, stringify(target.chart.values));
  // The first installation reads the images from disk.
  target.log(`helm install --wait (uncounted): ${(await byHelm(target)).toFixed(1)} s`);
  for (let turn = 0; turn < repeats; turn++) {
    const pair = turn % 2 === 0 ? ([byHelm, byEnvironment] as const) : ([byEnvironment, byHelm] as const);
    for (const trial of pair) {
      const seconds = await trial(target);
      target.log(`${trial === byHelm ? 'helm install --wait' : 'TestEnvironment'}: ${seconds.toFixed(1)} s`);
      (trial === byHelm ? floor : ours).push(seconds);
    }
  }
  const name = 'an environment until Ready, against helm install --wait';
  return benchRow(name, ours, floor, { goal: GOAL });
}

async function byHelm(target: EnvironmentPlace): Promise<number> {
  const namespace = `bai-${NAME}-helm`;
  const start = performance.now();
  try {
    await target.helm(
      [
        ...['install', NAME, target.chart.folder, '--namespace', namespace, '--create-namespace'],
        // An environment is Ready when its Jobs are complete, too.
        ...['--values', target.valuesFile, '--wait', '--wait-for-jobs', '--timeout', `${TRIAL_SECONDS}s`],
      ],
      TRIAL_SECONDS + 10,
    );
    return (performance.now() - start) / 1000;
  } finally {
    // The wait below fails when it is still there.
    await target.client.delete(`${NAMESPACES}/${namespace}`).catch(() => undefined);
    await untilGone(target, NAMESPACES, namespace);
  }
}

async function byEnvironment(target: EnvironmentPlace): Promise<number> {
  const path = pathOf(TEST_ENVIRONMENTS, { namespace: target.namespace });
  const environment = {
    apiVersion: API_VERSION,
    kind: 'TestEnvironment',
    metadata: { name: NAME, namespace: target.namespace },
    spec: { chart: { name: target.chart.name, values: target.chart.values } },
  };
  const signal = AbortSignal.any([target.signal, AbortSignal.timeout(TRIAL_SECONDS * 1000)]);
  const watching = observe<TestEnvironment>(target.client, path, {}, { signal });
  await watching.next();
  const start = performance.now();
  try {
    await target.client.create(path, environment, signal);
    for await (const seen of watching) {
      const now = seen.get(NAME);
      if (isReady(now)) break;
      const failure = failureOf(now);
      if (failure) throw new Error(`TestEnvironment ${NAME} did not become Ready: ${failure}`);
    }
    return (performance.now() - start) / 1000;
  } finally {
    await watching.return(undefined);
    await target.client.delete(`${path}/${NAME}`).catch(() => undefined);
    // Its finalizer is removed shortly after its namespace.
    await untilGone(target, path, NAME);
    await untilGone(target, NAMESPACES, `bai-${NAME}`);
  }
}

/** Why it cannot become Ready. Undefined while it can. */
export function failureOf(environment: TestEnvironment | undefined): string | undefined {
  const { conditions } = environment?.status ?? {};
  const { helmFailed, chartNotFound, namespaceTaken } = ENVIRONMENT_REASONS;
  const final: string[] = [helmFailed, chartNotFound, namespaceTaken, ...START_FAILURES];
  const failed = conditions?.find(({ status, reason }) => status === 'False' && final.includes(reason));
  return failed && `${failed.reason}: ${failed.message}`;
}

/** A small node has room for one deployment: beside another one, pods would wait without end. */
async function refuseBesideOthers(target: EnvironmentPlace): Promise<void> {
  const path = pathOf(TEST_ENVIRONMENTS, { namespace: target.namespace });
  const { items } = await target.client.get<KubeList<TestEnvironment>>(path, {}, target.signal);
  const deployed = items.filter(({ spec }) => spec.chart).map(({ metadata }) => metadata.name);
  if (deployed.length === 0) return;
  const names = deployed.join(', ');
  throw new Error(
    `TestEnvironment ${names} is deployed in this cluster, and there is no room for a second one. Delete it, or run "make down" first.`,
  );
}

/** Waits until there is no object of that name in the collection at that path. */
async function untilGone(target: EnvironmentPlace, path: string, name: string): Promise<void> {
  const signal = AbortSignal.any([target.signal, AbortSignal.timeout(TRIAL_SECONDS * 1000)]);
  const query = { fieldSelector: `metadata.name=${name}` };
  const collection = observe<KubeObject>(target.client, path, query, { signal });
  for await (const left of collection) if (left.size === 0) break;
}
