import type { ClusterAccess } from './access/cluster-access.ts';
import { inPod, serviceAccountAccess } from './access/service-account.ts';

/**
 * The cluster of a kubeconfig file; without one that of $KUBECONFIG, of this pod's service account, or of ~/.kube/config.
 * In a pod the code that reads kubeconfigs is not loaded. Throws ConfigError.
 */
export async function findCluster(
  kubeconfig: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ClusterAccess> {
  if (kubeconfig === undefined && !env.KUBECONFIG && inPod(env)) return serviceAccountAccess(env);
  const { loadKubeconfig } = await import('./kubeconfig/load.ts');
  return loadKubeconfig({ kubeconfig }, { env });
}
