import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { buildImages } from '@backendai-e2e/cli/images/build';
import { realEffects } from '@backendai-e2e/cli/kind/effects';
import { NAMES } from '@backendai-e2e/cli/kind/names';
import { command, tryCommand } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT, type Provision, ProvisionError } from '@backendai-e2e/cli/machine/provision';
import { table } from '@backendai-e2e/cli/terminal/table';
import { policyTable } from '../charts/e2e-operator/network/policy-table.ts';
import { expectEnding, Surprise } from '../selftests/expect.ts';
import { ownCommand } from '../selftests/own-command.ts';
import { listenArguments, OPEN, surprisesOf, type Tried } from './connections.ts';
import { type Aim, type Cluster, type Kubectl, targetsOf, tryAll } from './ends.ts';
import { KUBE_ROUTER, kubeRouter } from './kube-router.ts';
import { probeManifest, probes, SPACES } from './probes.ts';

/** The container beside the cluster that listens for what pods may not call. */
const OUTSIDE = 'backendai-e2e-outside';
/** As in kind-config.yaml. */
const SERVICE_SUBNET = '10.96.0.0/16';
/** Arguments of kubectl for the operator. */
const OPERATOR = ['--namespace', SPACES.operator, 'deployment/backendai-e2e-operator'];
/** Time until rules and listeners are in force, on a busy machine. */
const SETTLE_MS = 180_000;
const LOOK_MS = 2_000;
/** Fewest connections that a row about every port must find open: one for each component of an environment. */
const FEWEST_PORTS = 10;

/**
 * `tools/dev policies-selftest`: proves docs/network-policies.md with real connections. It creates a cluster with an environment,
 * and tries every connection of the table. All must be open, because the network enforces nothing. Then it starts kube-router: only
 * the allowed ones may stay open. Then suites run under it. The cluster goes at the end. Returns:
 * - 0 when all of this is so
 * - 1 when not
 * - 2 when it could not be tried
 */
export function policiesSelftestCommand({ suites }: { suites: string }): Promise<number> {
  return withProvision(async (p) => {
    const effects = realEffects(PROJECT_ROOT);
    await effects.engine(p);
    if (await effects.clusterExists(p))
      throw new ProvisionError(
        'a kept cluster exists, and this selftest changes the network of its node',
        'delete it with make down, then try again',
      );
    try {
      await prove(suites, p);
    } catch (error) {
      if (!(error instanceof Surprise)) throw error;
      console.error(`exit 1 (not as expected): ${error.message}`);
      return COMMAND_EXIT.failed;
    } finally {
      const last = { ...p, signal: AbortSignal.timeout(180_000) };
      await tryCommand(last, 'docker', ['rm', '--force', OUTSIDE]);
      await effects.deleteCluster(last);
    }
    console.log('exit 0 (passed): the policies hold, and suites run under them');
    return COMMAND_EXIT.passed;
  });
}

async function prove(suites: string, p: Provision): Promise<void> {
  const effects = realEffects(PROJECT_ROOT);
  const tools = await effects.tools(p);
  p.log('▸ a cluster with an environment');
  expectEnding('./e2e up', await ownCommand(p, ['up']), { code: COMMAND_EXIT.passed });
  const kubeconfig = path.join(PROJECT_ROOT, NAMES.out, 'kubeconfig');
  const kubectl: Kubectl = (args, options = {}) =>
    command(p, tools.kubectl, ['--kubeconfig', kubeconfig, ...args], { timeoutSeconds: 240, ...options });
  // It has Node.js, the engine and the node hold it, and no edit of the sources changes what runs.
  const image = 'jsonpath={.spec.template.spec.containers[0].image}';
  const node = await kubectl(['get', ...OPERATOR, '--output', image]);
  const rendered = await command(p, tools.helm, scheduledPolicies(node));
  const ends = probes(NAMES.operatorRelease);

  p.log('▸ probes');
  await kubectl(['apply', '--filename', '-'], { input: rendered });
  await kubectl(['apply', '--filename', '-'], { input: probeManifest(Object.values(ends), node) });
  const all = ['--all-namespaces', '--selector', 'e2e.backend.ai/probe=network'];
  await kubectl(['wait', 'pod', ...all, '--for', 'condition=Ready', '--timeout', '180s']);
  const rows = policyTable();
  const outside = rows.filter(({ to }) => to === 'host outside').map(({ port }) => Number(port));
  const cluster: Cluster = { kubectl, probes: ends, outside: await listenOutside(outside, node, p) };
  await listenInOperator(rows, cluster);
  const aims: Aim[] = [];
  for (const row of rows) aims.push({ row, targets: await targetsOf(row, cluster) });

  p.log('▸ without enforcement, every connection is open');
  const before = await settled(onlyListened(aims, await tryAll(aims, cluster)), cluster, false, p);

  p.log('▸ kube-router enforces the policies');
  const { 'kube-router': router } = await buildImages(['kube-router'], p);
  await effects.loadImages([router], p);
  await kubectl(['apply', '--filename', '-'], { input: kubeRouter(router, SERVICE_SUBNET) });
  const rollout = ['rollout', 'status', `daemonset/${KUBE_ROUTER.name}`, '--timeout', '180s'];
  await kubectl(['--namespace', KUBE_ROUTER.namespace, ...rollout]);
  const after = await settled(aimsOf(before), cluster, true, p);
  console.log(tableOf(before, after).join('\n'));

  p.log('▸ suites run under it');
  const run = await ownCommand(p, ['kind', '--reuse', '--suites', suites]);
  expectEnding('the run of suites', run, { code: COMMAND_EXIT.passed });
  await settled(aimsOf(before), cluster, true, p);
}

/** Arguments of helm for the policies of a schedule: the kept cluster has none. */
function scheduledPolicies(image: string): string[] {
  const chart = path.join(PROJECT_ROOT, NAMES.operatorChart);
  const values = `image=${image},suitesImage=${image},schedule.cron=0 0 1 1 *`;
  return [
    ...['template', NAMES.operatorRelease, chart, '--namespace', NAMES.operatorNamespace],
    ...['--show-only', 'templates/network-policies.yaml', '--set', values],
  ];
}

/** Starts a container that is no part of the cluster. Returns its address. */
async function listenOutside(ports: readonly number[], image: string, p: Provision): Promise<string> {
  const inspect = (container: string, of: string) =>
    command(p, 'docker', [
      ...['inspect', '--format', `{{range $name, $at := .NetworkSettings.Networks}}{{${of}}}{{end}}`],
      container,
    ]);
  // The node is in one network.
  const network = await inspect(`${NAMES.cluster}-control-plane`, '$name');
  const run = ['run', '--detach', '--name', OUTSIDE, '--network', network, '--entrypoint', 'node'];
  await command(p, 'docker', [...run, image, ...listenArguments(ports, 7_200)]);
  return inspect(OUTSIDE, '$at.IPAddress');
}

/** The operator accepts connections on 8080 alone: for the other ports of the table, a second program listens beside it. */
async function listenInOperator(rows: ReturnType<typeof policyTable>, { kubectl }: Cluster): Promise<void> {
  const ports = rows.filter(({ to, port }) => to === 'operator' && port !== '8080').map(({ port }) => +port);
  const script = `require('node:child_process').spawn('node', process.argv.slice(1), { detached: true, stdio: 'ignore' }).unref()`;
  await kubectl([
    ...['exec', ...OPERATOR, '--container', 'operator', '--', 'node', '-e', script, '--'],
    ...listenArguments([...new Set(ports)], 7_200),
  ]);
}

/** Leaves out the ports of "every port" on which nothing listens. @throws Surprise if too few are left */
function onlyListened(aims: readonly Aim[], tried: readonly Tried[]): Aim[] {
  return aims.map(({ row, targets }) => {
    if (targets.length === 1) return { row, targets };
    const open = tried.filter((one) => one.row === row && one.seen === OPEN).map(({ target }) => target);
    if (open.length < FEWEST_PORTS)
      throw new Surprise(`${row.from} → ${row.to}: only ${open.length} ports are open: ${open.join(', ')}`);
    return { row, targets: targets.filter((target) => open.includes(target.join(':'))) };
  });
}

function aimsOf(tried: readonly Tried[]): Aim[] {
  return [...new Set(tried.map(({ row }) => row))].map((row) => ({
    row,
    targets: tried
      .filter((one) => one.row === row)
      .map(({ target }) => {
        const colon = target.lastIndexOf(':');
        return [target.slice(0, colon), Number(target.slice(colon + 1))] as const;
      }),
  }));
}

/** Tries until all is as the table says. @throws Surprise with what still differs at the deadline */
async function settled(
  aims: readonly Aim[],
  cluster: Cluster,
  enforced: boolean,
  p: Provision,
): Promise<Tried[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const tried = await tryAll(aims, cluster);
    const surprises = surprisesOf(tried, enforced);
    if (surprises.length === 0) return tried;
    if (performance.now() > deadline) throw new Surprise(surprises.join('\n'));
    await delay(LOOK_MS, undefined, { signal: p.signal });
  }
}

function tableOf(before: readonly Tried[], after: readonly Tried[]): string[] {
  const rows = after.map(({ row: { from, to, allowed }, target, seen }, index) => [
    ...[from, to, target, allowed ? 'yes' : 'no', before[index]?.seen ?? '', seen],
  ]);
  return table(['from', 'to', 'target', 'allowed', 'without', 'enforced'], rows);
}
