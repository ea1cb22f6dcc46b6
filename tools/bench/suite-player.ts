import { API_VERSION, FIELD_MANAGERS, LABELS } from '@backendai-e2e/api/group';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { Job, Pod } from '@backendai-e2e/kube/builtin-resources';
import { JOBS, PODS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { RUNNER_CONTAINER } from '@backendai-e2e/operator/attempts/attempt-job';
import { JOB_NAME_LABEL } from '@backendai-e2e/operator/attempts/attempt-name';
import type { FakeKubelet } from '../envtest/doubles/fake-kubelet.ts';
import { finalReport } from '../envtest/doubles/final-report.ts';

/**
 * Plays a cluster without controllers and kubelet for each Job of an attempt. It creates the pod, reports that the suite passed,
 * ends the pod and completes the Job. Runs until the signal aborts. Throws when the API server refuses a request.
 */
export async function playSuites(
  client: KubeClient,
  kubelet: FakeKubelet,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const selection = { namespace, labelSelector: LABELS.run };
  let { resourceVersion } = await client.list(JOBS, selection);
  const failed = Promise.withResolvers<never>();
  const watching = (async () => {
    while (!signal.aborted) {
      const query = { ...selection, resourceVersion, timeoutSeconds: 300 };
      for await (const { type, object } of client.watch(JOBS, query, signal)) {
        resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
        if (type === 'ADDED') void playJob(client, kubelet, object).catch(failed.reject);
      }
    }
  })();
  await Promise.race([watching, failed.promise]);
}

async function playJob(client: KubeClient, kubelet: FakeKubelet, job: Job): Promise<void> {
  const { name, namespace = '', uid = '' } = job.metadata;
  const { metadata, spec } = job.spec?.template ?? {};
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true };
  const at = { namespace, name: `${name}-play` };
  const pod: Pod = await client.create(PODS, {
    metadata: {
      ...at,
      labels: { ...metadata?.labels, [JOB_NAME_LABEL]: name },
      ownerReferences: [owner],
    },
    spec: { ...spec, nodeName: kubelet.node },
  });
  kubelet.log(pod, RUNNER_CONTAINER, `suite\n  ✔ adds two numbers\n`);
  await client.applyStatus(
    TEST_REPORTS,
    { apiVersion: API_VERSION, metadata: { name, namespace }, status: finalReport('Passed') },
    { fieldManager: FIELD_MANAGERS.runner, force: true },
  );
  const now = new Date().toISOString();
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now };
  const container = { name: RUNNER_CONTAINER, image: 'suites:bench', imageID: '', restartCount: 0 };
  await patchStatus(client, PODS, at, {
    phase: 'Succeeded',
    containerStatuses: [{ ...container, ready: false, state: { terminated } }],
  });
  await patchStatus(
    client,
    JOBS,
    { namespace, name },
    {
      startTime: now,
      completionTime: now,
      succeeded: 1,
      conditions: ['SuccessCriteriaMet', 'Complete'].map((type) => ({
        type,
        status: 'True',
        reason: 'CompletionsReached',
        lastTransitionTime: now,
      })),
    },
  );
}

function patchStatus<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  at: { namespace: string; name: string },
  status: object,
): Promise<unknown> {
  return client.mergePatch(resource, at, { status }, { subresource: 'status' });
}
