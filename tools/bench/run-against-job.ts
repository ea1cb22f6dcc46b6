import { setTimeout as delay } from 'node:timers/promises';
import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { observe } from '@backendai-e2e/kube/observe';
import { corePath, pathOf } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { NOT_STARTED_EXIT } from '@backendai-e2e/operator/attempts/attempt-job';
import { type BenchRow, benchRow } from './bench-row.ts';

/** Where a suite is measured, as a TestRun and as a bare Job. */
export interface BenchTarget {
  client: RestApi;
  namespace: string;
  /** A TestEnvironment of kind external in that namespace. */
  environment: string;
  /** The suite that runs, and its file relative to suites/. */
  suite: string;
  file: string;
  /** Image of the runner. */
  image: string;
  signal: AbortSignal;
  log(line: string): void;
}

/** What the bench needs of a Job. */
export interface Job extends KubeObject {
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

/** Time after which a trial has failed, milliseconds. */
const TRIAL_MS = 90_000;
const GOAL = 1.1;

/**
 * One Mocha suite by TestRun against the same file under plain Mocha in a bare Job of the same image. They take turns.
 * A time runs from "created through the API" to "a watcher sees the final result". That is the decided condition Succeeded of
 * the TestRun, or the condition Complete of the Job. One pair runs before, uncounted.
 */
export async function runAgainstJob(target: BenchTarget, repeats: number): Promise<BenchRow> {
  const ours: number[] = [];
  const floor: number[] = [];
  for (let turn = 0; turn <= repeats; turn++) {
    // The first one changes with every turn, so that neither always gets an idle machine.
    const pair = turn % 2 === 0 ? ([byRun, byJob] as const) : ([byJob, byRun] as const);
    for (const trial of pair) {
      const seconds = await trial(target, turn);
      target.log(
        `${trial === byRun ? 'TestRun' : 'bare Job'} ${turn === 0 ? '(uncounted) ' : ''}${seconds.toFixed(2)} s`,
      );
      if (turn > 0) (trial === byRun ? ours : floor).push(seconds);
    }
  }
  return benchRow('one Mocha suite by TestRun, against a bare Job', ours, floor, { goal: GOAL });
}

async function byRun(target: BenchTarget, turn: number): Promise<number> {
  const name = `bench-${turn}-${Date.now().toString(36)}`;
  const path = pathOf(TEST_RUNS, { namespace: target.namespace });
  const run = {
    apiVersion: API_VERSION,
    kind: 'TestRun',
    metadata: { name, namespace: target.namespace },
    spec: { environmentRef: { name: target.environment }, suites: { names: [target.suite] } },
  };
  return trial<TestRun>(target, path, name, run, `${LABELS.run}=${name}`, (one) => {
    if (!isFinished(one)) return false;
    if (one.status?.verdict !== 'Passed') throw new Error(`TestRun ${name} ended as ${one.status?.verdict}`);
    return true;
  });
}

async function byJob(target: BenchTarget, turn: number): Promise<number> {
  const name = `bench-floor-${turn}-${Date.now().toString(36)}`;
  const path = `/apis/batch/v1/namespaces/${target.namespace}/jobs`;
  return trial<Job>(target, path, name, bareJob(name, target), `job-name=${name}`, (one) =>
    isComplete(name, one),
  );
}

/** Whether a Job is seen to be complete. Throws when it failed. */
export function isComplete(name: string, job: Job): boolean {
  const decided = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && type !== 'SuccessCriteriaMet',
  );
  if (decided && decided.type !== 'Complete') {
    throw new Error(`Job ${name}: ${decided.type}: ${decided.message}`);
  }
  return decided !== undefined;
}

/** Creates an object, waits until a watcher sees its end, and removes it. Then waits until its pods are gone. */
async function trial<T extends KubeObject>(
  target: BenchTarget,
  path: string,
  name: string,
  object: unknown,
  podSelector: string,
  isDone: (one: T) => boolean,
): Promise<number> {
  const limit = AbortSignal.timeout(TRIAL_MS);
  const signal = AbortSignal.any([target.signal, limit]);
  const watching = observe<T>(target.client, path, {}, { signal });
  // The watch starts before the object is created, so that its set-up is not measured.
  await watching.next();
  const next = watching.next();
  const start = performance.now();
  try {
    await target.client.create(path, object, signal);
    for (let seen = await next; !seen.done; seen = await watching.next()) {
      const one = seen.value.get(name);
      if (one && isDone(one)) return (performance.now() - start) / 1000;
    }
    throw new Error(`the watch of ${path} ended`);
  } catch (error) {
    if (limit.aborted && !target.signal.aborted) {
      throw new Error(`${name} was not done after ${TRIAL_MS / 1000} s`, { cause: error });
    }
    throw error;
  } finally {
    await watching.return(undefined);
    await target.client.delete(`${path}/${name}`, target.signal);
    await untilNoPods(target, podSelector, TRIAL_MS, 500);
  }
}

/**
 * Waits until the pods are gone, and then for the kubelet, which removes cgroups and volumes after the pod object.
 * Throws after the limit. Times: milliseconds.
 */
export async function untilNoPods(
  target: BenchTarget,
  labelSelector: string,
  limitMs: number,
  settleMs: number,
): Promise<void> {
  const signal = AbortSignal.any([target.signal, AbortSignal.timeout(limitMs)]);
  const pods = observe(target.client, corePath(target.namespace, 'pods'), { labelSelector }, { signal });
  for await (const left of pods) if (left.size === 0) break;
  await delay(settleMs, undefined, { signal: target.signal });
}

/** The floor: the suite's file under plain Mocha, in the same image. */
export function bareJob(
  name: string,
  target: BenchTarget,
  labels: Record<string, string> = {},
  resources: object = {},
): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: target.namespace, labels },
    spec: {
      backoffLimit: 0,
      // As in the operator's Jobs: a container that the node could not start has not failed.
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [NOT_STARTED_EXIT] } }],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'mocha',
              image: target.image,
              imagePullPolicy: 'IfNotPresent',
              resources,
              command: ['node', '/app/node_modules/mocha/bin/mocha.js', `/app/dist/suites/${target.file}.js`],
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
        },
      },
    },
  };
}
