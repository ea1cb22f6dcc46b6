import type { ConnectionOptions } from 'node:tls';
import { inPod, serviceAccountAccess } from './service-account.ts';

/** What TLS needs to know; see node:tls. Left out: Node's defaults. */
export type Tls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/** What is sent with each request, as it is now. */
export interface Credentials {
  /** Names in lower case. */
  headers: Record<string, string | string[]>;
  tls: Tls;
  /** When to read the credentials again at the latest; undefined when they do not say. */
  expiresAt?: Date | undefined;
}

/** The way to one API server. */
export interface ClusterAccess {
  /** URL of the API server without a slash at its end; it may have a path. */
  readonly server: string;
  /** URL of the proxy to go through: http, https or socks5. */
  readonly proxy?: string | undefined;
  /** Namespace to use where none is named: that of the kubeconfig's context. */
  readonly namespace?: string | undefined;
  /**
   * Reads the credentials. Throws ConfigError when they cannot be had.
   * @param refused the API server answered 401 to those that were read last
   */
  credentials(refused: boolean): Promise<Credentials>;
}

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
