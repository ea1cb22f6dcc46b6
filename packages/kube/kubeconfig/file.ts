import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ConfigError } from '../config-error.ts';
import { isRecord } from '../is-record.ts';

/** One cluster of a kubeconfig, with the keys of the file (clientcmd v1 `Cluster`). */
export interface KubeconfigCluster {
  server: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
  'proxy-url'?: string;
  'disable-compression'?: boolean;
  extensions?: { name: string; extension: unknown }[];
}

/** The program that prints credentials (clientcmd v1 `ExecConfig`). */
export interface ExecConfig {
  apiVersion?: string;
  command?: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  installHint?: string;
  provideClusterInfo?: boolean;
  interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
}

/** One user of a kubeconfig (clientcmd v1 `AuthInfo`). */
export interface KubeconfigUser {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  as?: string;
  'as-uid'?: string;
  'as-groups'?: string[];
  'as-user-extra'?: Record<string, string[]>;
  'auth-provider'?: { name: string; config?: Record<string, string> };
  exec?: ExecConfig;
}

/** One context of a kubeconfig (clientcmd v1 `Context`). */
export interface KubeconfigContext {
  cluster: string;
  user?: string;
  namespace?: string;
}

/** A kubeconfig: entries by name, and every path in it absolute. */
export interface Kubeconfig {
  currentContext: string | undefined;
  clusters: ReadonlyMap<string, KubeconfigCluster>;
  users: ReadonlyMap<string, KubeconfigUser>;
  contexts: ReadonlyMap<string, KubeconfigContext>;
}

const CLUSTER_PATHS = ['certificate-authority'] as const;
const USER_PATHS = ['client-certificate', 'client-key', 'tokenFile'] as const;

/** Reads one kubeconfig file. Throws ConfigError that names the file. */
export function readKubeconfig(file: string): Kubeconfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`Cannot read the kubeconfig ${file}: ${messageOf(cause)}.`, { cause });
  }
  return parseKubeconfig(text, file);
}

/**
 * Parses the text of a kubeconfig.
 * Relative paths, and a relative command of an exec plugin, start at the folder of `file`.
 * Throws ConfigError that names the file and the entry.
 */
function parseKubeconfig(text: string, file: string): Kubeconfig {
  let parsed: unknown;
  try {
    // As kubectl does, an empty file counts as one without entries.
    parsed = parse(text) ?? {};
  } catch (cause) {
    throw new ConfigError(`Cannot parse the kubeconfig ${file}: ${messageOf(cause)}.`, { cause });
  }
  if (!isRecord(parsed)) throw new ConfigError(`The kubeconfig ${file} is not a YAML mapping.`);
  const folder = path.dirname(path.resolve(file));
  const currentContext = parsed['current-context'];
  return {
    currentContext: typeof currentContext === 'string' && currentContext ? currentContext : undefined,
    clusters: entries<KubeconfigCluster>(parsed, 'clusters', 'cluster', file, (cluster, name) => {
      if (!cluster.server) throw new ConfigError(`Cluster "${name}" in ${file} has no server.`);
      return withAbsolutePaths(cluster, CLUSTER_PATHS, folder);
    }),
    users: entries<KubeconfigUser>(parsed, 'users', 'user', file, (user) => {
      const absolute = withAbsolutePaths(user, USER_PATHS, folder);
      const command = user.exec?.command;
      // As in kubectl, a command without a slash is searched in $PATH.
      if (!command?.includes(path.sep)) return absolute;
      return { ...absolute, exec: { ...user.exec, command: path.resolve(folder, command) } };
    }),
    contexts: entries<KubeconfigContext>(parsed, 'contexts', 'context', file, (context) => context),
  };
}

/**
 * Merges kubeconfigs. The first file to name a cluster, a user, a context, or the current context wins. What later files say
 * about that name is ignored, even other fields (Kubernetes documentation, "Merging kubeconfig files").
 */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  const merged = <T>(maps: ReadonlyMap<string, T>[]) => new Map(maps.toReversed().flatMap((map) => [...map]));
  return {
    currentContext: files.find((file) => file.currentContext !== undefined)?.currentContext,
    clusters: merged(files.map((file) => file.clusters)),
    users: merged(files.map((file) => file.users)),
    contexts: merged(files.map((file) => file.contexts)),
  };
}

function entries<T extends object>(
  file: Record<string, unknown>,
  list: string,
  field: string,
  where: string,
  read: (value: T, name: string) => T,
): Map<string, T> {
  const found = new Map<string, T>();
  const all = file[list] ?? [];
  if (!Array.isArray(all)) throw new ConfigError(`"${list}" in ${where} is not a list.`);
  for (const [index, entry] of all.entries()) {
    if (!isRecord(entry) || typeof entry.name !== 'string') {
      throw new ConfigError(`${list}[${index}] in ${where} has no name.`);
    }
    const value = entry[field] ?? {};
    if (!isRecord(value)) throw new ConfigError(`${list}[${index}].${field} in ${where} is not a mapping.`);
    if (!found.has(entry.name)) found.set(entry.name, read(value as T, entry.name));
  }
  return found;
}

function withAbsolutePaths<T extends object, K extends keyof T>(
  value: T,
  fields: readonly K[],
  folder: string,
): T {
  const absolute = { ...value };
  for (const field of fields) {
    const file: unknown = value[field];
    if (typeof file === 'string' && file !== '') {
      absolute[field] = path.resolve(folder, file) as T[K];
    }
  }
  return absolute;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
