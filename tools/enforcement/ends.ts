import { NAMES } from '@backendai-e2e/cli/kind/names';
import { CommandError } from '@backendai-e2e/cli/machine/command';
import { EVERY_PORT, type PolicyRow } from '../charts/e2e-operator/network/policy-table.ts';
import { connectArguments, connectionsIn, OPEN, type Target, type Tried } from './connections.ts';
import { type Probe, SPACES } from './probes.ts';

/** Calls kubectl with these arguments and returns its output. */
export type Kubectl = (args: readonly string[], options?: { input?: string }) => Promise<string>;

/** A real pod that opens or accepts connections. */
interface Real {
  namespace: string;
  selector: string;
  /** It has Node.js, and can open connections. */
  container?: string;
}

const REAL: Record<string, Real> = {
  operator: {
    ...{ namespace: SPACES.operator, container: 'operator' },
    selector: `app.kubernetes.io/name=e2e-operator,app.kubernetes.io/instance=${NAMES.operatorRelease}`,
  },
  'artifact server': {
    ...{ namespace: SPACES.operator, container: 'artifact-server' },
    selector: `app.kubernetes.io/name=e2e-artifacts,app.kubernetes.io/instance=${NAMES.operatorRelease}`,
  },
  'manager of an environment': component('manager'),
  'Valkey of an environment': component('valkey'),
};

function component(name: string): Real {
  return { namespace: SPACES.environment, selector: `app.kubernetes.io/component=${name}` };
}

/** The cluster, with what was put into it and beside it. */
export interface Cluster {
  kubectl: Kubectl;
  /** Address of a host outside of the cluster that listens on the ports of the table. */
  outside: string;
  /** By the name of the end. */
  probes: Record<string, Probe>;
}

/** Host and port of each connection of a row. Several for a row about every port. */
export async function targetsOf(
  { to, port }: PolicyRow,
  { kubectl, outside, probes }: Cluster,
): Promise<Target[]> {
  if (port === EVERY_PORT) return servicePorts(kubectl);
  if (to === 'host outside') return [[outside, Number(port)]];
  // Its Service, which leads to port 6443 of the node. Not every end may ask for its name.
  if (to === 'API server') {
    const service = ['--namespace', 'default', 'service', 'kubernetes'];
    return [[await kubectl(['get', ...service, '--output', 'jsonpath={.spec.clusterIP}']), 443]];
  }
  const probe = probes[to];
  const where = probe ? ['--namespace', probe.namespace, probe.pod] : selectorOf(realNamed(to));
  const path = probe ? '{.status.podIP}' : '{.items[0].status.podIP}';
  return [[await kubectl(['get', 'pod', ...where, '--output', `jsonpath=${path}`]), Number(port)]];
}

/** Every port of every Service of the environment. */
async function servicePorts(kubectl: Kubectl): Promise<Target[]> {
  const each = '{range .items[*]}{.metadata.name}{range .spec.ports[*]} {.port}{end}{"\\n"}{end}';
  const text = await kubectl([
    ...['get', 'services', '--namespace', SPACES.environment, '--output', `jsonpath=${each}`],
  ]);
  return text.split('\n').flatMap((line) => {
    const [name, ...ports] = line.split(' ').filter(Boolean);
    return ports.map((port): Target => [`${name}.${SPACES.environment}.svc.cluster.local`, Number(port)]);
  });
}

/** A row with its targets. */
export interface Aim {
  row: PolicyRow;
  targets: readonly Target[];
}

/** Opens every connection from the end that its row names. @throws CommandError when an end cannot try */
export async function tryAll(aims: readonly Aim[], { kubectl, probes }: Cluster): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (const from of new Set(aims.map(({ row }) => row.from))) {
    const own = aims.filter(({ row }) => row.from === from);
    const pairs = own.flatMap(({ row, targets }) => targets.map((target) => ({ row, target })));
    const seen =
      from === 'API server'
        ? await Promise.all(pairs.map(({ row }) => throughApiServer(row, kubectl)))
        : await fromPod(probes[from] ?? realNamed(from), pairs, kubectl);
    pairs.forEach(({ row, target }, index) => {
      tried.push({ row, target: target.join(':'), seen: seen[index] ?? 'not tried' });
    });
  }
  return tried;
}

async function fromPod(
  end: Probe | Real,
  pairs: readonly { target: Target }[],
  kubectl: Kubectl,
): Promise<string[]> {
  const args = ['--', 'node', ...connectArguments(pairs.map(({ target }) => target))];
  const pod = 'pod' in end ? end.pod : await podOf(end, kubectl);
  const container = 'pod' in end ? 'probe' : (end.container ?? '');
  const where = ['--namespace', end.namespace, pod, '--container', container];
  return connectionsIn(await kubectl(['exec', ...where, ...args]), pairs.length);
}

/** Name of the first pod. */
async function podOf(real: Real, kubectl: Kubectl): Promise<string> {
  return kubectl(['get', 'pod', ...selectorOf(real), '--output', 'jsonpath={.items[0].metadata.name}']);
}

/** The API server opens the connection for its user. */
async function throughApiServer({ to, port }: PolicyRow, kubectl: Kubectl): Promise<string> {
  const real = realNamed(to);
  const pod = await podOf(real, kubectl);
  const url = `/api/v1/namespaces/${real.namespace}/pods/${pod}:${port}/proxy/healthz`;
  return kubectl(['get', '--raw', url]).then(
    () => OPEN,
    (error: unknown) => {
      if (error instanceof CommandError) return 'no answer';
      throw error;
    },
  );
}

function selectorOf({ namespace, selector }: Real): string[] {
  return ['--namespace', namespace, '--selector', selector, '--field-selector', 'status.phase=Running'];
}

function realNamed(name: string): Real {
  const real = REAL[name];
  if (!real)
    throw new Error(`docs/network-policies.md names "${name}", which tools/enforcement does not know`);
  return real;
}
