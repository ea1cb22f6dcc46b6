import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { ClusterAccess } from '../access/cluster-access.ts';
import { ConfigError } from '../access/config-error.ts';
import { type Surroundings, UserCredentials } from './credentials.ts';
import { type Kubeconfig, type KubeconfigUser, mergeKubeconfigs, readKubeconfig } from './file.ts';
import { proxyFor } from './proxy.ts';

/** Which kubeconfig to read, and which of its contexts. */
export interface KubeconfigSource {
  /** Path of one file. Left out: the files of $KUBECONFIG merged, else ~/.kube/config. */
  kubeconfig?: string | undefined;
  /** Left out: the current context. */
  context?: string | undefined;
}

/**
 * The way to the cluster of a kubeconfig, as kubectl reads it. Nothing is asked for or connected to yet: a plugin runs
 * when the first request is sent. Throws ConfigError with the files, and with the contexts that exist.
 */
export function loadKubeconfig(
  source: KubeconfigSource = {},
  around: Partial<Surroundings> = {},
): ClusterAccess {
  const { env = process.env, terminal = process.stdin.isTTY === true } = around;
  const { showError = (text) => void process.stderr.write(text), now = () => new Date() } = around;
  const files = source.kubeconfig === undefined ? kubeconfigFiles(env) : [source.kubeconfig];
  const config = mergeKubeconfigs(files.map(readKubeconfig));
  return accessOf(config, files.join(', '), source.context, { env, terminal, showError, now });
}

/**
 * The kubeconfig files that kubectl would merge. Files of $KUBECONFIG that do not exist are left out.
 * Throws ConfigError when none exists.
 */
export function kubeconfigFiles(env: NodeJS.ProcessEnv): string[] {
  const listed = (env.KUBECONFIG ?? '').split(path.delimiter).filter((file) => file !== '');
  const home = path.join(env.HOME || homedir(), '.kube', 'config');
  const found = [...new Set(listed.length > 0 ? listed : [home])].filter((file) => existsSync(file));
  if (found.length > 0) return found;
  throw new ConfigError(
    listed.length > 0
      ? `$KUBECONFIG names no file that exists: ${listed.join(', ')}.`
      : `No kubeconfig: none was named, $KUBECONFIG is not set, and ${home} does not exist.`,
  );
}

/**
 * The way to the cluster of a context. Throws ConfigError with `where`, the names of the files.
 * @param asked the context; undefined: the current one
 */
export function accessOf(
  config: Kubeconfig,
  where: string,
  asked: string | undefined,
  around: Surroundings,
): ClusterAccess {
  const name = asked ?? config.currentContext;
  const names = [...config.contexts.keys()].join(', ') || 'none';
  if (name === undefined) throw new ConfigError(`${where} has no current context. Its contexts: ${names}.`);
  const context = config.contexts.get(name);
  if (!context) throw new ConfigError(`${where} has no context "${name}". Its contexts: ${names}.`);
  const cluster = config.clusters.get(context.cluster);
  if (!cluster) {
    throw new ConfigError(`${where} has no cluster "${context.cluster}", which context "${name}" names.`);
  }
  const user: KubeconfigUser | undefined = context.user ? config.users.get(context.user) : {};
  if (!user) throw new ConfigError(`${where} has no user "${context.user}", which context "${name}" names.`);
  const credentials = new UserCredentials(cluster, user, around);
  const server = serverUrl(
    cluster.server,
    cluster['certificate-authority-data'] ?? cluster['certificate-authority'],
  );
  return {
    server: server.href.replace(/\/$/, ''),
    proxy: proxyFor(server, cluster['proxy-url'], around.env),
    namespace: context.namespace || undefined,
    credentials: (refused) => credentials.read(refused),
  };
}

/** A server without a scheme is reached over TLS if the cluster has an authority, as in client-go. */
function serverUrl(server: string, authority: string | undefined): URL {
  const url = URL.parse(
    /^https?:\/\//i.test(server) ? server : `${authority ? 'https' : 'http'}://${server}`,
  );
  if (url) return url;
  throw new ConfigError(`The server "${server}" of the kubeconfig is not a URL.`);
}
