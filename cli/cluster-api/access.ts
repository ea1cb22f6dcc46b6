import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Access } from './kubeconfig.ts';

/** The kubeconfig that was given cannot be used. The message names the file and what there is. Exit code 2. */
export class NoAccess extends Error {
  override readonly name = 'NoAccess';
}

/**
 * The access that a context of any kubeconfig gives: certificates and tokens as text or files, exec plugins, OIDC,
 * another server name, a proxy. Credentials are fetched anew by what `renew` of the result does.
 * @param context left out: the file's current one
 * Throws NoAccess.
 */
export async function loadAccess(file: string, context?: string): Promise<Access> {
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new NoAccess(`cannot read the kubeconfig ${file}: ${sentence(error)}`, { cause: error });
  }
  const names = config.getContexts().map(({ name }) => name);
  if (context !== undefined) {
    if (!names.includes(context)) {
      throw new NoAccess(`${file} has no context "${context}"; it has: ${names.join(', ') || 'none'}`);
    }
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster()) {
    throw new NoAccess(
      `${file} names no cluster for its context "${config.getCurrentContext() ?? ''}"; its contexts: ${names.join(', ') || 'none'}`,
    );
  }
  if (!config.getCurrentUser()) {
    throw new NoAccess(`${file} names no user for its context "${config.getCurrentContext()}"`);
  }
  return accessOf(config, file);
}

async function accessOf(config: KubeConfig, file: string): Promise<Access> {
  const cluster = config.getCurrentCluster();
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new NoAccess(`${file}: its user cannot log in: ${sentence(error)}`, { cause: error });
  }
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  const headers = (options.headers ?? {}) as Record<string, string | undefined>;
  return {
    server: (cluster?.server ?? '').replace(/\/$/, ''),
    ...pem('ca', options.ca),
    ...pem('certificate', options.cert),
    ...pem('key', options.key),
    ...(options.servername ? { servername: options.servername } : {}),
    ...(options.rejectUnauthorized === false ? { insecure: true } : {}),
    ...(cluster?.proxyUrl ? { proxy: cluster.proxyUrl } : {}),
    ...(headers.Authorization ? { token: headers.Authorization.replace(/^Bearer /, '') } : {}),
    ...(headers['Impersonate-User'] ? { impersonate: headers['Impersonate-User'] } : {}),
    ...(namespace ? { namespace } : {}),
    renew: () => accessOf(config, file),
  };
}

function pem<K extends string>(key: K, value: unknown): { [P in K]?: string } {
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) return {};
  return { [key]: value.toString() } as { [P in K]?: string };
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
