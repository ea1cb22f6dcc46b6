import { accessSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from './cluster-access.ts';
import { ConfigError } from './config-error.ts';

/** Where Kubernetes mounts a pod's service account (a fixed path of the platform). */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The folder of the service account. $E2E_SERVICE_ACCOUNT_DIR names another one outside pods (bench, tests). */
function folderOf(env: NodeJS.ProcessEnv): string {
  return env.E2E_SERVICE_ACCOUNT_DIR || SERVICE_ACCOUNT;
}

/** Whether this is a pod with a service account. */
export function inPod(env: NodeJS.ProcessEnv): boolean {
  if (!env.KUBERNETES_SERVICE_HOST) return false;
  try {
    accessSync(join(folderOf(env), 'token'));
    return true;
  } catch {
    // An unreadable token means the same as a missing one.
    return false;
  }
}

/**
 * The API server as a pod finds it, with the pod's service account. The token is read from its file each time, because
 * the kubelet renews it there. The proxies of the environment are not used: they are for what lies outside the cluster.
 * Throws ConfigError outside a pod.
 */
export function serviceAccountAccess(env: NodeJS.ProcessEnv = process.env): ClusterAccess {
  const folder = folderOf(env);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (!host) throw new ConfigError('$KUBERNETES_SERVICE_HOST is not set: this is not a pod.');
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    server,
    credentials: async () => ({
      headers: { authorization: `Bearer ${read(folder, 'token').trim()}` },
      tls: { ca: read(folder, 'ca.crt') },
    }),
  };
}

/**
 * The API server as the process of a suite's pod finds it, with the pod's service account. For development, it is at
 * $E2E_API_SERVER without credentials, as `kubectl proxy` offers it. Throws ConfigError.
 */
export function podAccess(env: NodeJS.ProcessEnv = process.env): ClusterAccess {
  const server = env.E2E_API_SERVER;
  if (server) return { server, credentials: async () => ({ headers: {}, tls: {} }) };
  if (inPod(env)) return serviceAccountAccess(env);
  throw new ConfigError(
    'Cannot find the API server: this is not a pod with a service account. Outside a pod, set $E2E_API_SERVER.',
  );
}

function read(folder: string, name: string): string {
  const path = join(folder, name);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`Cannot read ${path} of the pod's service account: ${String(cause)}.`, { cause });
  }
}
