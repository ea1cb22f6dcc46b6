import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { createCluster, deleteCluster, loadImages } from '@backendai-e2e/cli/cluster/kind-cluster';
import { buildImages, ensureImages } from '@backendai-e2e/cli/images/build';
import { BAKED, type ImageName } from '@backendai-e2e/cli/images/table';
import { command } from '@backendai-e2e/cli/machine/command';
import { ensureEngine } from '@backendai-e2e/cli/machine/engine';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { ensureTool } from '@backendai-e2e/cli/machine/tools';
import { STAGING } from '@backendai-e2e/cli/staging/names';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';
import { TcpProxy } from '../envtest/proxies/tcp-proxy.ts';
import { adminCommandsIn, expectEnding, Surprise, showsPassedTest } from './expect.ts';
import { ownCommand } from './own-command.ts';
import { REGISTRY_PORT } from './registry.ts';
import { everything, expectSame, untilSame } from './remains.ts';
import {
  addressOf,
  deploy,
  makeUser,
  OUT,
  removeSpaces,
  SPACES,
  type Stage,
  startRegistry,
  untilAnswered,
} from './staging-cluster.ts';

/** Options of the staging selftest. */
export interface SelftestOptions {
  /** Suites to run, as `e2e staging --suites` takes them. */
  suites: string;
  /** An existing kind cluster, which is kept, and its administrator's kubeconfig. Undefined: one is created and removed. */
  cluster?: { name: string; kubeconfig: string };
  /**
   * Namespace of that cluster in which charts/backend-ai is installed already; undefined: it is installed. Others may use
   * it at the same time, so nothing is said about what is left in it.
   */
  deployment?: string;
}

const CLUSTER = 'backendai-e2e-staging';
/** Generous, because a machine with two cores does all of this at once. */
const RUN_SECONDS = 1_800;
/** Seconds after which the command gives up a cut connection. */
const PATIENCE_SECONDS = 10;

/** A step of the selftest, with its title. */
export type Step = <T>(title: string, body: () => Promise<T>) => Promise<T>;

/**
 * Backend.AI by a plain `helm install`, a registry beside it, and a user with only the documented rights. The run of that user
 * loses its connection in the middle and is attached to again. Throws Surprise for what is not as expected.
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
    const apiServer = new URL(loadKubeconfig({ kubeconfig: admin }).server);
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
        expectEnding(
          'images-push',
          await ownCommand(stage.p, ['images-push', '--registry', registry, '--insecure']),
          {
            code: 0,
          },
        );
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

/** What the user does, and the expected results. */
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
  const commands = await step(
    'is refused without rights, and receives the administrator commands',
    async () => {
      const refused = await ownCommand(stage.p, staging);
      expectEnding('the command', refused, { code: 2, says: ['nothing was created', 'missing right: '] });
      const found = adminCommandsIn(refused.lines);
      if (found.length < 2) throw new Surprise(`it printed no administrator commands: ${found.join('; ')}`);
      return found;
    },
  );
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
    const dry = await ownCommand(stage.p, [...staging, '--suites', options.suites, '--dry-run']);
    expectEnding('the dry run', dry, { code: 0, says: ['endpoints of', 'nothing was created'] });
    expectSame('the dry run', before, await everything(stage));
  });
  await step('a run continues without its connection', async () => {
    let cut = false;
    const lost = await ownCommand(stage.p, [...staging, '--suites', options.suites], {
      onLine: (line) => {
        if (cut || !showsPassedTest(line)) return;
        cut = true;
        stage.p.log('the connection to the API server is cut');
        stage.proxy.refuse();
      },
    });
    if (!cut) throw new Surprise(`no test passed before the command ended with ${lost.code}`);
    expectEnding('the cut command', lost, { code: 2, says: ['continues there', './e2e attach'] });
  });
  await step('attaches again, fetches the results and removes everything', async () => {
    stage.proxy.allow();
    expectEnding('attach', await ownCommand(stage.p, ['attach', ...asUser]), {
      code: 0,
      says: ['AllPassed'],
    });
    const file = path.join(PROJECT_ROOT, STAGING.out, 'run.json');
    const { run, reports }: { run: TestRun; reports: unknown[] } = JSON.parse(await readFile(file, 'utf8'));
    if (run.status?.verdict !== 'Passed' || reports.length === 0) {
      throw new Surprise(
        `${STAGING.out}/run.json says ${run.status?.verdict} with ${reports.length} reports`,
      );
    }
    await artifactsThere(stage);
    await untilSame('the run', before, () => everything(stage), stage.p.signal);
    const nothing = await ownCommand(stage.p, ['attach', ...asUser]);
    expectEnding('another attach', nothing, { code: 2, says: ['there is no run'] });
  });
}

/** Checks that log and events of every attempt were fetched from the artifact server, unchanged. */
async function artifactsThere({ p }: Pick<Stage, 'p'>): Promise<void> {
  const folder = path.join(PROJECT_ROOT, STAGING.out, 'artifacts');
  const sums = await readFile(path.join(folder, 'SHA256SUMS'), 'utf8').catch(() => '');
  for (const file of ['suite.log.gz', 'events.txt']) {
    if (!sums.includes(`/${file}\n`))
      throw new Surprise(`${STAGING.out}/artifacts has no ${file} of any attempt`);
  }
  await command(p, 'sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: folder });
}
