import type { RequestOptions } from 'node:https';
import { inPod, serviceAccountAccess } from './service-account.ts';

/** What credentials are put into: the fields of a request that TLS and authentication need. */
export type ConnectOptions = RequestOptions;

/** The way to one API server. client-node's KubeConfig is one. */
export interface ClusterAccess {
  /** Where it listens; null when that cannot be told. */
  getCurrentCluster(): { readonly server: string; readonly proxyUrl?: string | undefined } | null;
  /** Puts credentials and TLS material into the options, as they are now. */
  applyToHTTPSOptions(options: ConnectOptions): Promise<void>;
}

/**
 * The cluster of a kubeconfig file; without one that of $KUBECONFIG, of this pod's service account, or of ~/.kube/config.
 * client-node is loaded only where there is a kubeconfig. Throws ConfigError.
 */
export async function findCluster(
  kubeconfig: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ClusterAccess> {
  if (kubeconfig === undefined && !env.KUBECONFIG && inPod(env)) return serviceAccountAccess(env);
  const { loadKubeConfig } = await import('./kubeconfig.ts');
  return loadKubeConfig({ kubeconfig }, env);
}
