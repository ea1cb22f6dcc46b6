import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ConfigError } from '../access/config-error.ts';
import { isRecord } from '../objects/is-record.ts';
import { anything, fieldsOf, flag, listOf, mapOf, type Reader, text } from './fields.ts';

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

const CLUSTER: Reader<Partial<KubeconfigCluster>> = fieldsOf<KubeconfigCluster>({
  server: text,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': flag,
  'tls-server-name': text,
  'proxy-url': text,
  'disable-compression': flag,
  extensions: listOf((value, path, source) => {
    const { name = '', extension } = EXTENSION(value, path, source);
    return { name, extension };
  }),
});
const EXTENSION = fieldsOf<{ name: string; extension: unknown }>({ name: text, extension: anything });

const EXEC = fieldsOf<ExecConfig>({
  apiVersion: text,
  command: text,
  args: listOf(text),
  env: listOf((value, path, source) => {
    const { name = '', value: content = '' } = VARIABLE(value, path, source);
    return { name, value: content };
  }),
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: text as Reader<NonNullable<ExecConfig['interactiveMode']>>,
});
const VARIABLE = fieldsOf<{ name: string; value: string }>({ name: text, value: text });

const USER = fieldsOf<KubeconfigUser>({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': listOf(text),
  'as-user-extra': mapOf(listOf(text)),
  'auth-provider': (value, path, source) => {
    const { name = '', config } = PROVIDER(value, path, source);
    return { name, ...(config ? { config } : {}) };
  },
  exec: EXEC,
});
const PROVIDER = fieldsOf<{ name: string; config: Record<string, string> }>({
  name: text,
  config: mapOf(text),
});

const CONTEXT = fieldsOf<KubeconfigContext>({ cluster: text, user: text, namespace: text });

const CLUSTER_PATHS = ['certificate-authority'] as const;
const USER_PATHS = ['client-certificate', 'client-key', 'tokenFile'] as const;

/** Reads one kubeconfig file. Throws ConfigError that names the file. */
export function readKubeconfig(file: string): Kubeconfig {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`Cannot read the kubeconfig ${file}: ${messageOf(cause)}.`, { cause });
  }
  return kubeconfigOf(parsedText(content, file), file);
}

function parsedText(content: string, file: string): unknown {
  try {
    return parse(content);
  } catch (cause) {
    throw new ConfigError(`Cannot parse the kubeconfig ${file}: ${messageOf(cause)}.`, { cause });
  }
}

/**
 * Reads what the YAML of a kubeconfig holds.
 * Relative paths, and a relative command of an exec plugin, start at the folder of `file`.
 * Throws ConfigError that names the file and the entry.
 */
export function kubeconfigOf(document: unknown, file: string): Kubeconfig {
  // As kubectl does, an empty file counts as one without entries.
  const parsed = document ?? {};
  if (!isRecord(parsed)) throw new ConfigError(`The kubeconfig ${file} is not a YAML mapping.`);
  const folder = path.dirname(path.resolve(file));
  const currentContext = parsed['current-context'];
  return {
    currentContext: typeof currentContext === 'string' && currentContext ? currentContext : undefined,
    clusters: entries(parsed, 'clusters', 'cluster', file, (value, name, place) => {
      const { server, ...cluster } = CLUSTER(value, place, file);
      if (!server) throw new ConfigError(`Cluster "${name}" in ${file} has no server.`);
      return withAbsolutePaths({ server, ...cluster }, CLUSTER_PATHS, folder);
    }),
    users: entries(parsed, 'users', 'user', file, (value, _name, place): KubeconfigUser => {
      const user = USER(value, place, file);
      const absolute = withAbsolutePaths(user, USER_PATHS, folder);
      const command = user.exec?.command;
      // As in kubectl, a command without a slash is searched in $PATH.
      if (!command?.includes(path.sep)) return absolute;
      return { ...absolute, exec: { ...user.exec, command: path.resolve(folder, command) } };
    }),
    contexts: entries(parsed, 'contexts', 'context', file, (value, _name, place) => {
      const { cluster = '', ...context } = CONTEXT(value, place, file);
      return { cluster, ...context };
    }),
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

function entries<T>(
  file: Record<string, unknown>,
  list: string,
  field: string,
  where: string,
  read: (value: unknown, name: string, place: string) => T,
): Map<string, T> {
  const found = new Map<string, T>();
  const all = file[list] ?? [];
  if (!Array.isArray(all)) throw new ConfigError(`"${list}" in ${where} is not a list.`);
  for (const [index, entry] of all.entries()) {
    if (!isRecord(entry) || typeof entry.name !== 'string') {
      throw new ConfigError(`${list}[${index}] in ${where} has no name.`);
    }
    const place = `${list}[${index}].${field}`;
    if (!found.has(entry.name)) found.set(entry.name, read(entry[field] ?? {}, entry.name, place));
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
