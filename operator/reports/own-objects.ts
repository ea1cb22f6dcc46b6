import { TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { Informer } from '@backendai-e2e/controller/informer';
import { JOBS, type Job, PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { controllerOf, type KubeObject, type ObjectName, type Resource } from '@backendai-e2e/kube/object';
import { JOB_NAME_LABEL } from '../attempts/attempt-name.ts';

/** The run of a report; undefined when the cache has none, or another one of its name. */
export function runOf(report: TestReport, runs: Pick<Informer<TestRun>, 'get'>): TestRun | undefined {
  const owner = controllerOf(report, TEST_RUNS);
  const run = owner ? runs.get(owner) : undefined;
  return run?.metadata.uid === controllerUid(report, TEST_RUNS) ? run : undefined;
}

/**
 * The Job, unless it belongs to another run than the report. A run that is deleted and created again gives its attempts the
 * same names, and the old objects go later.
 */
export function jobOf(report: TestReport, job: Job | undefined): Job | undefined {
  const owner = controllerUid(job, TEST_RUNS);
  return owner === undefined || owner === controllerUid(report, TEST_RUNS) ? job : undefined;
}

/** The pods without those of an earlier Job of the same name. Without a Job, all of them. */
export function podsOf(job: Job | undefined, pods: readonly Pod[]): Pod[] {
  return pods.filter((pod) => {
    const owner = controllerUid(pod, JOBS);
    return !job || owner === undefined || owner === job.metadata.uid;
  });
}

/** The pods of an attempt, from the API server. */
export async function podsNow(
  client: Pick<KubeClient, 'list'>,
  job: Job | undefined,
  { namespace = '', name }: ObjectName,
  signal: AbortSignal,
): Promise<Pod[]> {
  const query = { namespace, labelSelector: `${JOB_NAME_LABEL}=${name}` };
  return podsOf(job, (await client.list(PODS, query, { signal })).items);
}

function controllerUid(object: KubeObject | undefined, { kind }: Resource): string | undefined {
  return object?.metadata.ownerReferences?.find((owner) => owner.controller && owner.kind === kind)?.uid;
}
