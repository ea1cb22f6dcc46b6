import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { TestRun } from '../../operator/api/test-run.ts';
import { TcpProxy } from '../../operator/testing/tcp-proxy.ts';
import { createCluster, deleteCluster, loadImages } from '../cluster/cluster.ts';
import { buildImages, ensureImages } from '../images/build.ts';
import { BAKED, type ImageName } from '../images/table.ts';
import { command } from '../machine/command.ts';
import { ensureEngine } from '../machine/engine.ts';
import { PROJECT_ROOT, type Provision } from '../machine/provision.ts';
import { ensureTool } from '../machine/tools.ts';
import { loadAccess } from '../run/access.ts';
import { chartImages } from '../run/objects.ts';
import { STAGING } from '../staging/places.ts';
import { adminCommandsIn, difference, expectEnding, Surprise, tellsOfPassedTest } from './expect.ts';
import { REGISTRY_PORT, registryManifest } from './registry.ts';

/** What a self-test of staging is given. */
export interface SelftestOptions {
  /** Suites to run, as `e2e staging --suite` takes them. */
  suites: string;
  /** An existing kind cluster and its administrator's kubeconfig, which stays; undefined: one is made and removed. */
  cluster?: { name: string; kubeconfig: string };
  /**
   * Namespace of that cluster in which charts/backend-ai is installed already; undefined: it is installed. Others may use
   * it at the same time, so nothing is said about what is left in it.
   */
  deployment?: string;
}

/** Namespaces of the self-test: of the deployment, of the runs, of the registry, of the user's account. */
const SPACES = {
  deployment: 'bai-staging',
  test: 'e2e-staging',
  registry: 'registry-staging',
  users: 'users-staging',
} as const;
const CLUSTER = 'backendai-e2e-staging';
const USER = 'release';
const OUT = 'out/staging-selftest';
/** Generous: a machine of two cores does all of this at once. */
const DEPLOY_SECONDS = 900;
const REGISTRY_SECONDS = 600;
const RUN_SECONDS = 1_800;
/** The command gives up so soon after the connection is cut. */
const PATIENCE_SECONDS = 10;
const COLLECTED_MS = 60_000;

/** What all steps share. */
interface Stage {
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
  /** Nobody else uses it. */
  alone: boolean;
}

/** A step of the self-test, for a person. */
export type Step = <T>(title: string, body: () => Promise<T>) => Promise<T>;

/**
 * Backend.AI by a plain `helm install`, a registry beside it, a user with the documented rights and nothing else; the run
 * of that user loses its connection in the middle and is attached to again. Throws Surprise for what is not as expected.
 */
export async function stagingSelftest(options: SelftestOptions, step: Step, p: Provision): Promise<void> {
  const out = path.join(PROJECT_ROOT, OUT);
  await mkdir(out, { recursive: true });
  const kubectl = await ensureTool('kubectl', p);
  const helm = await ensureTool('helm', p);
  const images = await step('engine and images', async () => {
    await ensureEngine(p);
    if (!options.cluster) {
      const { refs, nodeImage } = await ensureImages(p);
      return { refs: { ...refs }, nodeImage };
    }
    const needed: readonly ImageName[] = options.deployment ? ['registry'] : BAKED;
    const refs: Record<string, string> = await buildImages(needed, p);
    await loadImages(options.cluster.name, Object.values(refs), p);
    return { refs, nodeImage: '' };
  });
  const name = options.cluster?.name ?? CLUSTER;
  const admin = path.resolve(options.cluster?.kubeconfig ?? path.join(out, 'admin.kubeconfig'));
  const tester = path.join(out, 'tester.kubeconfig');
  const proxies: TcpProxy[] = [];
  try {
    if (!options.cluster) {
      const { nodeImage } = images;
      await step('cluster', () => createCluster({ name, nodeImage, kubeconfig: admin }, p));
    }
    const apiServer = new URL((await loadAccess(admin)).server);
    const proxy = new TcpProxy(Number(apiServer.port), apiServer.hostname);
    proxies.push(proxy);
    const port = await proxy.start();
    const deployment = options.deployment ?? SPACES.deployment;
    const alone = options.deployment === undefined;
    const stage: Stage = { p, admin, kubectl, helm, refs: images.refs, tester, proxy, deployment, alone };
    await Promise.all([
      ...(alone ? [step('Backend.AI by helm install', () => deploy(stage))] : []),
      step('registry in the cluster', async () => {
        await startRegistry(stage);
        const toRegistry = new TcpProxy(REGISTRY_PORT, await addressOf(stage));
        proxies.push(toRegistry);
        const local = `127.0.0.1:${await toRegistry.start()}`;
        await untilAnswered(`http://${local}/v2/`, p.signal);
        const registry = `${local}/e2e`;
        expectEnding('images-push', await e2e(stage, ['images-push', '--registry', registry, '--insecure']), {
          code: 0,
        });
      }),
      step('a user without a right', () => makeUser(stage, port)),
    ]);
    await exercise(stage, options, step);
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await step('clean-up', async () => {
      const last = { ...p, signal: AbortSignal.timeout(300_000) };
      if (options.cluster) await removeSpaces({ p: last, admin, kubectl }, `${name}-control-plane`);
      else await deleteCluster(name, last);
      await rm(tester, { force: true });
      if (!options.cluster) await rm(admin, { force: true });
    });
  }
}

/** What the user does, and what has to come of it. */
async function exercise(stage: Stage, options: SelftestOptions, step: Step): Promise<void> {
  const asUser = [
    ...['--kubeconfig', stage.tester, '--context', 'staging', '--test-namespace', SPACES.test],
    ...['--patience', String(PATIENCE_SECONDS), '--timeout', String(RUN_SECONDS)],
  ];
  const registry = `localhost:${REGISTRY_PORT}/e2e`;
  const staging = [
    ...['staging', ...asUser, '--namespace', stage.deployment, '--registry', registry],
    ...(stage.alone ? [] : ['--no-audit']),
  ];
  const commands = await step('is refused without rights, and told what an administrator runs', async () => {
    const refused = await e2e(stage, staging);
    expectEnding('the command', refused, { code: 2, says: ['nothing was created', 'missing right: '] });
    const found = adminCommandsIn(refused.lines);
    if (found.length < 2) throw new Surprise(`it named no commands of an administrator: ${found.join('; ')}`);
    return found;
  });
  await step('an administrator runs just that', async () => {
    const env = {
      KUBECONFIG: stage.admin,
      PATH: `${path.dirname(stage.kubectl)}${path.delimiter}${process.env.PATH}`,
    };
    for (const line of commands) {
      stage.p.log(line);
      await command(stage.p, 'bash', ['-o', 'pipefail', '-c', line], { cwd: PROJECT_ROOT, env });
    }
  });
  const before = await everything(stage);
  await step('a dry run creates nothing', async () => {
    const dry = await e2e(stage, [...staging, '--suite', options.suites, '--dry-run']);
    expectEnding('the dry run', dry, { code: 0, says: ['endpoints of', 'nothing was created'] });
    expectSame('the dry run', before, await everything(stage));
  });
  await step('a run whose connection is lost goes on without it', async () => {
    let cut = false;
    const lost = await e2e(stage, [...staging, '--suite', options.suites], (line) => {
      if (cut || !tellsOfPassedTest(line)) return;
      cut = true;
      stage.p.log('the connection to the API server is cut');
      stage.proxy.refuse();
    });
    if (!cut) throw new Surprise(`no test passed before the command ended with ${lost.code}`);
    expectEnding('the cut command', lost, { code: 2, says: ['goes on there', './e2e attach'] });
  });
  await step('attaches again, fetches the results and removes everything', async () => {
    stage.proxy.allow();
    expectEnding('attach', await e2e(stage, ['attach', ...asUser]), { code: 0, says: ['AllPassed'] });
    const file = path.join(PROJECT_ROOT, STAGING.out, 'run.json');
    const { run, reports }: { run: TestRun; reports: unknown[] } = JSON.parse(await readFile(file, 'utf8'));
    if (run.status?.verdict !== 'Passed' || reports.length === 0) {
      throw new Surprise(
        `${STAGING.out}/run.json says ${run.status?.verdict} with ${reports.length} reports`,
      );
    }
    await artifactsThere(stage);
    await untilSame('the run', before, () => everything(stage), stage.p.signal);
    const nothing = await e2e(stage, ['attach', ...asUser]);
    expectEnding('another attach', nothing, { code: 2, says: ['there is no run'] });
  });
}

/** Every attempt's log and events were fetched from the keeper, and are what was kept. */
async function artifactsThere({ p }: Pick<Stage, 'p'>): Promise<void> {
  const folder = path.join(PROJECT_ROOT, STAGING.out, 'artifacts');
  const sums = await readFile(path.join(folder, 'SHA256SUMS'), 'utf8').catch(() => '');
  for (const file of ['suite.log.gz', 'events.txt']) {
    if (!sums.includes(`/${file}\n`))
      throw new Surprise(`${STAGING.out}/artifacts has no ${file} of any attempt`);
  }
  await command(p, 'sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: folder });
}

/** Plain: no operator, the chart's own defaults but for images, and eyes on the agents, which suites need. */
async function deploy({ p, helm, admin, refs }: Stage): Promise<void> {
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

async function startRegistry({ p, kubectl, admin, refs }: Stage): Promise<void> {
  const input = registryManifest(SPACES.registry, refs.registry ?? '');
  await command(p, kubectl, ['--kubeconfig', admin, 'apply', '-f', '-'], { input });
  const rollout = ['rollout', 'status', 'deployment/registry', `--timeout=${REGISTRY_SECONDS}s`];
  await command(p, kubectl, ['--kubeconfig', admin, '-n', SPACES.registry, ...rollout], {
    timeoutSeconds: REGISTRY_SECONDS + 30,
  });
}

/** A Service is there before every node forwards to it. Throws an Error with the last answer. */
async function untilAnswered(url: string, signal: AbortSignal): Promise<void> {
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

/** A ServiceAccount with a token, in a kubeconfig whose only way to the cluster is the proxy, and not its current context. */
async function makeUser({ p, kubectl, admin, tester }: Stage, port: number): Promise<void> {
  const run = (...args: string[]) => command(p, kubectl, ['--kubeconfig', admin, ...args]);
  await run('create', 'namespace', SPACES.users);
  await run('-n', SPACES.users, 'create', 'serviceaccount', USER);
  const token = await run('-n', SPACES.users, 'create', 'token', USER, '--duration=4h');
  const { ca = '' } = await loadAccess(admin);
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
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

async function addressOf({ p, kubectl, admin }: Stage): Promise<string> {
  const jsonpath = 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}';
  return command(p, kubectl, ['--kubeconfig', admin, 'get', 'nodes', '-o', jsonpath]);
}

/** Names of everything that outlasts a run: in its namespace, in that of the deployment, and in no namespace. */
async function everything({ p, kubectl, admin, alone, deployment }: Stage): Promise<string[]> {
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
    // Kubernetes itself makes these in every namespace, a moment after it.
    const own = /^(configmap\/kube-root-ca\.crt|serviceaccount\/default)$/;
    names.push(...found.filter((name) => !own.test(name)).map((name) => `${namespace}: ${name}`));
  }
  // Other work in a shared cluster makes volumes and namespaces; of the rest, nothing is made in passing.
  const global = (await kinds(false)).filter((kind) => !/^(persistentvolumes|namespaces)$/.test(kind));
  names.push(...(await list(global.join(','), [])).filter((name) => /e2e|staging/.test(name)));
  return names.sort();
}

/** What Kubernetes collects by itself (slices of Services, for example) goes a moment after its owner. */
async function untilSame(
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

function expectSame(what: string, before: readonly string[], after: readonly string[]): void {
  const changes = difference(before, after);
  if (changes.length > 0) throw new Surprise(`${what} changed what is in the cluster: ${changes.join('; ')}`);
}

/** Runs the command in a process of its own, as the user would, and shows its lines. */
async function e2e(
  { p }: Pick<Stage, 'p'>,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(E2E_|KUBECONFIG$)/.test(key)),
  );
  if (process.env.E2E_CACHE_DIR) env.E2E_CACHE_DIR = process.env.E2E_CACHE_DIR;
  const child = execa(path.join(PROJECT_ROOT, 'e2e'), args, {
    cwd: PROJECT_ROOT,
    env,
    extendEnv: false,
    all: true,
    buffer: false,
    reject: false,
    stdin: 'ignore',
    cancelSignal: p.signal,
    // It cleans up before it ends.
    forceKillAfterDelay: 300_000,
  });
  for await (const line of child.iterable({ from: 'all' })) {
    const text = String(line);
    lines.push(text);
    p.log(`│ ${text}`);
    onLine(text);
  }
  const { exitCode } = await child;
  p.signal.throwIfAborted();
  return { code: exitCode ?? -1, lines };
}

async function removeSpaces(
  { p, kubectl, admin }: Pick<Stage, 'p' | 'kubectl' | 'admin'>,
  node: string,
): Promise<void> {
  const spaces = Object.values(SPACES);
  const run = (...args: string[]) =>
    command(p, kubectl, ['--kubeconfig', admin, ...args], { timeoutSeconds: 240 });
  await run('delete', 'namespace', ...spaces, '--ignore-not-found', '--timeout=220s');
  // The chart keeps its data on the node, on purpose.
  await command(p, 'docker', ['exec', node, 'rm', '-rf', `/var/local/backend-ai/${SPACES.deployment}`]);
}
