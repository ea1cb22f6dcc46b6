import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chartImages } from '@backendai-e2e/cli/kind/objects';
import { command } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';
import { stringify } from 'yaml';
import type { TcpProxy } from '../envtest/proxies/tcp-proxy.ts';
import { registryManifest } from './registry.ts';

/** Namespaces of the self-test: of the deployment, of the runs, of the registry, of the user's account. */
export const SPACES = {
  deployment: 'bai-staging',
  test: 'e2e-staging',
  registry: 'registry-staging',
  users: 'users-staging',
} as const;
const USER = 'release';
/** Folder for what the self-test writes, from the root of the checkout. */
export const OUT = 'out/staging-selftest';
/** Generous, because a machine with two cores does all of this at once. */
const DEPLOY_SECONDS = 900;
const REGISTRY_SECONDS = 600;

/** What all steps share. */
export interface Stage {
  p: Provision;
  admin: string;
  kubectl: string;
  helm: string;
  /** References of images, by name. */
  refs: Record<string, string>;
  tester: string;
  proxy: TcpProxy;
  /** Namespace in which Backend.AI runs. */
  deployment: string;
  /** No other process uses it. */
  alone: boolean;
}

/** A plain installation without an operator: the chart's defaults, except images and the observer that suites need. */
export async function deploy({ p, helm, admin, refs }: Stage): Promise<void> {
  const values = path.join(PROJECT_ROOT, OUT, 'backend-ai-values.yaml');
  await writeFile(values, stringify({ images: chartImages(refs), agent: { observer: true } }));
  const chart = path.join(PROJECT_ROOT, 'charts/backend-ai');
  const where = ['--namespace', SPACES.deployment, '--create-namespace', '--kubeconfig', admin];
  const wait = ['--wait', '--wait-for-jobs', '--timeout', `${DEPLOY_SECONDS}s`];
  await command(p, helm, ['install', 'backend-ai', chart, ...where, ...wait, '--values', values], {
    timeoutSeconds: DEPLOY_SECONDS + 30,
    log: 'staging-selftest-helm',
  });
}

/** Starts a registry in the cluster and waits until it is ready. */
export async function startRegistry({ p, kubectl, admin, refs }: Stage): Promise<void> {
  const input = registryManifest(SPACES.registry, refs.registry ?? '');
  await command(p, kubectl, ['--kubeconfig', admin, 'apply', '-f', '-'], { input });
  const rollout = ['rollout', 'status', 'deployment/registry', `--timeout=${REGISTRY_SECONDS}s`];
  await command(p, kubectl, ['--kubeconfig', admin, '-n', SPACES.registry, ...rollout], {
    timeoutSeconds: REGISTRY_SECONDS + 30,
  });
}

/** Waits for an answer, because a Service exists before every node forwards to it. Throws an Error with the last answer. */
export async function untilAnswered(url: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + REGISTRY_SECONDS * 1000;
  for (;;) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
    const answer = await fetch(url, { signal: limit }).then(
      ({ status }) => String(status),
      (error: Error) => error.message,
    );
    signal.throwIfAborted();
    if (answer === '200') return;
    if (performance.now() > until) throw new Error(`${url} does not answer; last: ${answer}`);
    await delay(500, undefined, { signal });
  }
}

/** A ServiceAccount with a token. Its kubeconfig reaches the cluster only through the proxy, in a context that is not current. */
export async function makeUser({ p, kubectl, admin, tester }: Stage, port: number): Promise<void> {
  const run = (...args: string[]) => command(p, kubectl, ['--kubeconfig', admin, ...args]);
  await run('create', 'namespace', SPACES.users);
  await run('-n', SPACES.users, 'create', 'serviceaccount', USER);
  const token = await run('-n', SPACES.users, 'create', 'token', USER, '--duration=4h');
  const { tls } = await loadKubeconfig({ kubeconfig: admin }).credentials(false);
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(String(tls.ca)).toString('base64'),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'staging', cluster }],
    users: [{ name: USER, user: { token } }],
    contexts: [{ name: 'staging', context: { cluster: 'staging', user: USER } }],
    'current-context': '',
  };
  await writeFile(tester, stringify(config), { mode: 0o600 });
}

/** IP address of the cluster's node. */
export async function addressOf({ p, kubectl, admin }: Stage): Promise<string> {
  const jsonpath = 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}';
  return command(p, kubectl, ['--kubeconfig', admin, 'get', 'nodes', '-o', jsonpath]);
}

/** Removes the namespaces of the self-test, and what the deployment keeps on the node. */
export async function removeSpaces(
  { p, kubectl, admin }: Pick<Stage, 'p' | 'kubectl' | 'admin'>,
  node: string,
): Promise<void> {
  const spaces = Object.values(SPACES);
  const run = (...args: string[]) =>
    command(p, kubectl, ['--kubeconfig', admin, ...args], { timeoutSeconds: 240 });
  await run('delete', 'namespace', ...spaces, '--ignore-not-found', '--timeout=220s');
  // The chart deliberately keeps its data on the node.
  await command(p, 'docker', ['exec', node, 'rm', '-rf', `/var/local/backend-ai/${SPACES.deployment}`]);
}
