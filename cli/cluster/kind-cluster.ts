import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cloneSet, removeClone } from '../images/node/containerd-set.ts';
import { NETWORK_LABEL } from '../images/node/node-image.ts';
import { command, tryCommand } from '../machine/command.ts';
import { inspectHost } from '../machine/host.ts';
import { PROJECT_ROOT, type Provision, ProvisionError } from '../machine/provision.ts';
import { ensureTool } from '../machine/tools.ts';
import { renderKindConfig, subnets } from './kind-config.ts';

/**
 * Docker network of our clusters. Not kind's own: this one can be removed with the cluster without taking it from a
 * cluster of another project.
 */
const NETWORK = { KIND_EXPERIMENTAL_DOCKER_NETWORK: 'backendai-e2e' };
/** Bash: $1 is the node's container, the rest are references. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the shell
const SAVE_INTO_NODE = 'docker save "${@:2}" | docker exec -i "$1" ctr -n k8s.io images import --digests -';
const READY_SECONDS = 180;
const SERVICE_ACCOUNT_SECONDS = 60;

/** What kind's containers of a cluster do. */
export type ClusterState = 'absent' | 'running' | 'stopped';

/**
 * Creates a kind cluster of one node. Waits until it is Ready and pods can be created in the default namespace.
 * @param cluster.kubeconfig file that gets the cluster's credentials; ~/.kube/config is never touched
 * @throws ProvisionError; what was made of the cluster until then is removed
 */
export async function createCluster(
  cluster: { name: string; nodeImage: string; kubeconfig: string },
  p: Provision,
): Promise<void> {
  const kind = await ensureTool('kind', p);
  const kubeconfig = path.resolve(cluster.kubeconfig);
  await mkdir(path.dirname(kubeconfig), { recursive: true });
  const network = await command(p, 'docker', [
    'image',
    'inspect',
    '--format',
    `{{index .Config.Labels "${NETWORK_LABEL}"}}`,
    cluster.nodeImage,
  ]);
  const config = renderKindConfig(
    await readFile(path.join(PROJECT_ROOT, 'kind-config.yaml'), 'utf8'),
    await inspectHost(),
    network.trim() === 'static' ? 'static' : 'kind',
    await cloneSet(p, cluster.nodeImage, cluster.name),
  );
  await mkdir(p.cacheDir, { recursive: true });
  const work = await mkdtemp(path.join(p.cacheDir, 'kind-'));
  try {
    const file = path.join(work, 'config.yaml');
    await writeFile(file, config);
    await command(
      p,
      kind,
      [
        'create',
        'cluster',
        '--name',
        cluster.name,
        '--image',
        cluster.nodeImage,
        '--config',
        file,
        '--kubeconfig',
        kubeconfig,
        '--wait',
        `${READY_SECONDS}s`,
      ],
      {
        timeoutSeconds: READY_SECONDS + 120,
        log: 'kind-create',
        env: NETWORK,
        // Docker creates a node (and copies its volume) to the end even when its client is gone.
        childrenFinishSeconds: 90,
        onLine: (line) => {
          const step = /^ ?[✓•] (.+?) ?.$/u.exec(line)?.[1];
          if (step !== undefined && line.includes('✓')) p.log(`kind: ${step}`);
        },
        remedy: 'Run "make doctor" to see what this machine lacks.',
      },
    );
    await keepInside(cluster.name, subnets(config), p);
    await untilPodsAreAccepted(p, kubeconfig);
  } catch (error) {
    const cleanUp = { ...p, signal: AbortSignal.timeout(120_000) };
    await deleteCluster(cluster.name, cleanUp);
    // kind may have removed the node itself, so that deleteCluster found no image to look for a copy.
    await removeClone(cleanUp, cluster.nodeImage, cluster.name);
    await rm(kubeconfig, { force: true });
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Refuses what is sent to a Service or a pod and would leave the node by its default route. The tables of kube-proxy
 * change one after the other. For a moment after a Service got its first ready pod, it neither refuses nor forwards. The address of a
 * deleted pod also has no route of its own. Some gateways outside answer for every address, as those of sandboxes do with 404. Such
 * an answer would be taken for that of the Service. A gateway that drops packets would make clients wait where other clusters refuse at once.
 */
async function keepInside(
  name: string,
  { services, pods }: { services: string; pods: string },
  p: Provision,
): Promise<void> {
  for (const node of await nodesOf(name, p)) {
    const inside = (...args: string[]): Promise<string> => command(p, 'docker', ['exec', node, ...args]);
    for (const chain of ['FORWARD', 'OUTPUT']) {
      const rule = [chain, '--destination', services, '--out-interface', 'eth0', '--jump', 'REJECT'];
      await inside('iptables', '--wait', '--append', ...rule);
    }
    // Routes to pods that are there, here or on other nodes, are longer ones.
    await inside('ip', 'route', 'replace', 'unreachable', pods);
  }
}

/** Names of the containers that are the cluster's nodes. */
export async function nodesOf(name: string, p: Provision): Promise<string[]> {
  const filter = `label=io.x-k8s.kind.cluster=${name}`;
  const nodes = await command(p, 'docker', ['ps', '--filter', filter, '--format', '{{.Names}}']);
  return nodes.split('\n').filter(Boolean);
}

/**
 * Writes the credentials of a cluster that runs to a file. An existing file may be gone, or of an earlier cluster.
 * @throws ProvisionError if the cluster does not run
 */
export async function writeKubeconfig(
  cluster: { name: string; kubeconfig: string },
  p: Provision,
): Promise<void> {
  const { name, kubeconfig } = cluster;
  if ((await clusterState(name, p)) !== 'running') {
    throw new ProvisionError(
      `The cluster ${name} does not run: a container of it is stopped.`,
      'Remove it with "make down", and create a new one.',
    );
  }
  await mkdir(path.dirname(kubeconfig), { recursive: true });
  const kind = await ensureTool('kind', p);
  await command(p, kind, ['export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfig], {
    timeoutSeconds: 60,
    env: NETWORK,
  });
}

/** Right after Ready the default service account may not exist yet, and pods are refused until it does. */
async function untilPodsAreAccepted(p: Provision, kubeconfig: string): Promise<void> {
  const kubectl = await ensureTool('kubectl', p);
  const deadline = Date.now() + SERVICE_ACCOUNT_SECONDS * 1_000;
  const ask = [
    '--kubeconfig',
    kubeconfig,
    '--request-timeout=10s',
    '-n',
    'default',
    'get',
    'serviceaccount',
    'default',
  ];
  while ((await tryCommand(p, kubectl, ask)) === undefined) {
    if (Date.now() > deadline) {
      throw new ProvisionError(
        `The cluster is Ready, but made no default service account within ${SERVICE_ACCOUNT_SECONDS} s.`,
        'Look at the logs of kube-controller-manager in the namespace kube-system.',
      );
    }
    await delay(250, undefined, { signal: p.signal });
  }
}

/** Deletes the cluster, its containers and volumes, and its network if no other cluster uses it. Absent is no error. */
export async function deleteCluster(name: string, p: Provision): Promise<void> {
  if ((await clusterState(name, p)) !== 'absent') {
    const kind = await ensureTool('kind', p);
    const images = await nodeImagesOf(name, p);
    await mkdir(p.cacheDir, { recursive: true });
    const work = await mkdtemp(path.join(p.cacheDir, 'kind-'));
    try {
      // kind takes a cluster that it deletes out of a kubeconfig. Without a file of our own, that is the user's.
      const kubeconfig = path.join(work, 'kubeconfig');
      await command(p, kind, ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], {
        timeoutSeconds: 120,
        log: 'kind-delete',
        env: NETWORK,
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    for (const image of images) await removeClone(p, image, name);
  }
  await removeNetwork(p);
}

/** Images of the cluster's nodes that the engine still holds. */
async function nodeImagesOf(name: string, p: Provision): Promise<string[]> {
  const filter = `label=io.x-k8s.kind.cluster=${name}`;
  const images = await command(p, 'docker', ['ps', '--all', '--filter', filter, '--format', '{{.Image}}']);
  return [...new Set(images.split('\n').filter(Boolean))];
}

/** Docker refuses to remove a network that a container still uses, which is what is wanted. */
async function removeNetwork(p: Provision): Promise<void> {
  const network = NETWORK.KIND_EXPERIMENTAL_DOCKER_NETWORK;
  if ((await tryCommand(p, 'docker', ['network', 'inspect', network])) === undefined) return;
  await tryCommand(p, 'docker', ['network', 'rm', network]);
}

/** Whether any container of the cluster exists, running or not. */
export async function clusterExists(name: string, p: Provision): Promise<boolean> {
  return (await clusterState(name, p)) !== 'absent';
}

/** Stopped: its containers exist, but not all run (after a restart of the machine). No engine means absent. */
export async function clusterState(name: string, p: Provision): Promise<ClusterState> {
  const out = await tryCommand(p, 'docker', [
    'ps',
    '-a',
    '--filter',
    `label=io.x-k8s.kind.cluster=${name}`,
    '--format',
    '{{.State}}',
  ]);
  const states = (out ?? '').split('\n').filter(Boolean);
  if (states.length === 0) return 'absent';
  return states.every((state) => state === 'running') ? 'running' : 'stopped';
}

/** Whether every node of the cluster holds all of these images. */
export async function holdsImages(name: string, refs: readonly string[], p: Provision): Promise<boolean> {
  const nodes = await nodesOf(name, p);
  for (const node of nodes) if (missingRefs(refs, await heldRefs(node, p)).length > 0) return false;
  return nodes.length > 0;
}

async function heldRefs(node: string, p: Provision): Promise<string[]> {
  return (await command(p, 'docker', ['exec', node, 'ctr', '-n', 'k8s.io', 'images', 'ls', '-q'])).split(
    '\n',
  );
}

/**
 * Loads images of the engine into the cluster's nodes; those that a node already holds are left out.
 * @param refs as ImageSet.refs names them; all their tags are content keys, so an equal reference is an equal image
 */
export async function loadImages(name: string, refs: readonly string[], p: Provision): Promise<void> {
  for (const node of await nodesOf(name, p)) {
    const wanted = missingRefs(refs, await heldRefs(node, p));
    if (wanted.length === 0) continue;
    const started = Date.now();
    await command(p, 'bash', ['-o', 'pipefail', '-c', SAVE_INTO_NODE, 'bash', node, ...wanted], {
      timeoutSeconds: 600,
      log: 'load-images',
    });
    p.log(`loaded ${wanted.join(', ')} into ${node} in ${((Date.now() - started) / 1_000).toFixed(1)} s`);
  }
}

/** References that a node does not hold. containerd writes Docker's short names with their registry in front. */
export function missingRefs(refs: readonly string[], held: readonly string[]): string[] {
  const known = new Set(held);
  return refs.filter((ref) => !known.has(ref) && !known.has(`docker.io/${ref}`));
}
