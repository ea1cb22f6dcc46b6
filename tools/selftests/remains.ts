import { setTimeout as delay } from 'node:timers/promises';
import { command } from '@backendai-e2e/cli/machine/command';
import { difference, Surprise } from './expect.ts';
import { SPACES, type Stage } from './staging-cluster.ts';

const COLLECTED_MS = 60_000;

/** Names of everything that outlives a run: in its namespace, in the deployment's, and without a namespace. */
export async function everything({ p, kubectl, admin, alone, deployment }: Stage): Promise<string[]> {
  const run = (...args: string[]) => command(p, kubectl, ['--kubeconfig', admin, ...args]);
  const kinds = async (namespaced: boolean) => {
    const all = await run('api-resources', '--verbs=list', `--namespaced=${namespaced}`, '-o', 'name');
    const passing = /^(events|nodes|componentstatuses)\b|metrics\.k8s\.io|^events\./;
    return all.split('\n').filter((kind) => kind !== '' && !passing.test(kind));
  };
  const list = async (kind: string, where: string[]) =>
    (await run('get', kind, ...where, '-o', 'name', '--ignore-not-found')).split('\n').filter(Boolean);
  const names: string[] = [];
  for (const namespace of alone ? [SPACES.test, deployment] : [SPACES.test]) {
    const found = await list((await kinds(true)).join(','), ['-n', namespace]);
    // Kubernetes creates these in every namespace, shortly after it.
    const own = /^(configmap\/kube-root-ca\.crt|serviceaccount\/default)$/;
    names.push(...found.filter((name) => !own.test(name)).map((name) => `${namespace}: ${name}`));
  }
  // Other work in a shared cluster creates volumes and namespaces, but nothing else of this list.
  const global = (await kinds(false)).filter((kind) => !/^(persistentvolumes|namespaces)$/.test(kind));
  names.push(...(await list(global.join(','), [])).filter((name) => /e2e|staging/.test(name)));
  return names.sort();
}

/**
 * Waits until the cluster holds the same as before. Throws Surprise if it does not.
 * What Kubernetes collects itself (slices of Services, for example) goes shortly after its owner.
 */
export async function untilSame(
  what: string,
  before: readonly string[],
  look: () => Promise<string[]>,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + COLLECTED_MS;
  for (;;) {
    const now = await look();
    if (difference(before, now).length === 0 || performance.now() > end) return expectSame(what, before, now);
    await delay(2_000, undefined, { signal });
  }
}

/** Throws Surprise with what was added or removed. @param what what happened in between */
export function expectSame(what: string, before: readonly string[], after: readonly string[]): void {
  const changes = difference(before, after);
  if (changes.length > 0) throw new Surprise(`${what} changed what is in the cluster: ${changes.join('; ')}`);
}
