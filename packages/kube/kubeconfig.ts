import { accessSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { ConfigError } from './config-error.ts';
import { inPod } from './service-account.ts';

/** Where the API server and the credentials come from. */
export interface ConfigSource {
  /** Path of a kubeconfig file. Left out: $KUBECONFIG, else the service account of this pod, else ~/.kube/config. */
  kubeconfig?: string | undefined;
  /** Context of the kubeconfig; left out: its current one. */
  context?: string | undefined;
}

/**
 * Reads a kubeconfig file or the pod's service account.
 * Throws ConfigError with the path, or with the contexts that exist.
 */
export function loadKubeConfig(source: ConfigSource = {}, env: NodeJS.ProcessEnv = process.env): KubeConfig {
  const config = new KubeConfig();
  const path = source.kubeconfig ?? (env.KUBECONFIG ? env.KUBECONFIG : undefined);
  if (path !== undefined) {
    readInto(config, path);
  } else if (inPod(env)) {
    config.loadFromCluster();
  } else {
    const fallback = join(homedir(), '.kube', 'config');
    if (!readable(fallback)) {
      throw new ConfigError(
        `No cluster given: neither a kubeconfig nor $KUBECONFIG, this is no pod, and ${fallback} cannot be read.`,
      );
    }
    readInto(config, fallback);
  }
  if (source.context !== undefined) {
    const contexts = config.getContexts().map((context) => context.name);
    if (!contexts.includes(source.context)) {
      throw new ConfigError(
        `The kubeconfig has no context "${source.context}"; it has: ${contexts.join(', ') || 'none'}.`,
      );
    }
    config.setCurrentContext(source.context);
  }
  if (!config.getCurrentCluster()) {
    throw new ConfigError(
      `The kubeconfig ${path ?? ''} names no cluster for its context "${config.getCurrentContext()}".`,
    );
  }
  return config;
}

function readInto(config: KubeConfig, path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`Cannot read the kubeconfig ${path}: ${messageOf(cause)}.`, { cause });
  }
  if (text.trim() === '') throw new ConfigError(`The kubeconfig ${path} is empty.`);
  try {
    config.loadFromFile(path);
  } catch (cause) {
    throw new ConfigError(`Cannot understand the kubeconfig ${path}: ${messageOf(cause)}.`, { cause });
  }
}

function readable(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    // Not being there is the answer, whatever the reason.
    return false;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
