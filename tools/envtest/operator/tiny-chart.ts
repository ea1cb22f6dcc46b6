import { DEPLOYMENTS, PODS, STATEFUL_SETS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { until } from '../waits/until.ts';

/**
 * Reports the workloads of a release of charts/tiny as ready. Plays their controllers and the kubelet, which do not run here.
 * The Job controller runs: the Job completes when its pod does.
 * @param managers ready replicas of the Deployment "manager"
 */
export async function makeTinyReady(client: KubeClient, namespace: string, managers = 2): Promise<void> {
  const set = async <T extends KubeObject>(resource: Resource<T>, name: string, status: object) => {
    await until(`${name} exists`, () => client.get(resource, { namespace, name }));
    await client.mergePatch(resource, { namespace, name }, { status }, { subresource: 'status' });
  };
  await set(DEPLOYMENTS, 'manager', {
    replicas: managers,
    readyReplicas: managers,
    updatedReplicas: managers,
  });
  await set(STATEFUL_SETS, 'agent', { replicas: 1, readyReplicas: 1, updatedReplicas: 1 });
  const [pod] = await until('the bootstrap Job has a pod', async () => {
    const labelSelector = 'batch.kubernetes.io/job-name=bootstrap';
    const { items } = await client.list(PODS, { namespace, labelSelector });
    return items.length > 0 && items;
  });
  if (pod && pod.status?.phase !== 'Succeeded') await set(PODS, pod.metadata.name, { phase: 'Succeeded' });
}
