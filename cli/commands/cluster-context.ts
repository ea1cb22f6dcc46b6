import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';
import { type RestApi, RestClient } from '@backendai-e2e/kube/rest-client';
import { NAMES } from '../kind/names.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { endingOfError } from '../runs/ending.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { AS_PLUGIN } from './plugin-name.ts';

/** Options that name a cluster and a namespace. */
export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
}

/** A cluster that a command talks to. */
export interface ClusterContext {
  client: RestApi;
  /** Of the operator and its objects. */
  namespace: string;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  signal: AbortSignal;
}

/** No kubeconfig was named and none is where one is expected. Exit code 2. */
class NoCluster extends Error {
  override readonly name = 'NoCluster';
  readonly remedy = 'name one with --kubeconfig or $KUBECONFIG, or create a cluster with ./e2e up';
}

/**
 * The kubeconfig file of a command: --kubeconfig, else that of the kept cluster, else, when kubectl started the command,
 * ~/.kube/config. Undefined for the files of $KUBECONFIG, which are merged as kubectl does. Throws NoCluster.
 */
function kubeconfigFile(
  asked: string | undefined,
  env: Record<string, string | undefined> = process.env,
  exists: (file: string) => boolean = existsSync,
): string | undefined {
  if (asked) return asked;
  const listed = (env.KUBECONFIG ?? '').split(path.delimiter).filter((file) => file !== '');
  if (listed.length > 0) {
    if (listed.some(exists)) return undefined;
    throw new NoCluster(`$KUBECONFIG names no file that exists: ${listed.join(', ')}`);
  }
  const kept = path.join(PROJECT_ROOT, NAMES.out, 'kubeconfig');
  const own = path.join(homedir(), '.kube', 'config');
  const places = env.E2E_CALLED_AS === AS_PLUGIN ? [kept, own] : [kept];
  const found = places.find(exists);
  if (found) return found;
  throw new NoCluster('there is no cluster: no kubeconfig was named, and no cluster is kept here');
}

/**
 * Runs a command that needs a cluster. An error becomes a sentence on stderr and exit code 2, a signal exit code 130.
 * The namespace is --namespace, $E2E_NAMESPACE, the context's own, or "backendai-e2e".
 */
export async function withCluster(
  options: ClusterOptions,
  body: (cluster: ClusterContext) => Promise<number>,
): Promise<number> {
  const interruption = onInterrupt(() => {}, process);
  let client: RestClient | undefined;
  try {
    const kubeconfig = kubeconfigFile(options.kubeconfig);
    const access = loadKubeconfig({ kubeconfig, context: options.context });
    client = new RestClient(access, { fieldManager: FIELD_MANAGERS.cli });
    const asked = options.namespace ?? process.env.E2E_NAMESPACE;
    const namespace = asked || access.namespace || NAMES.operatorNamespace;
    return await body({ client, namespace, signal: interruption.work });
  } catch (error) {
    const ending = endingOfError(interruption.work.aborted ? interruption.work.reason : error);
    console.error(`e2e: ${ending.sentence}`);
    return ending.code;
  } finally {
    interruption.dispose();
    await client?.close();
  }
}
