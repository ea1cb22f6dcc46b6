/**
 * Status patches per second against a real API server: plain client-node, and the operator's client with its shared connection
 * pool. Each client runs in its own process, alternately. API server and etcd share the machine with it.
 *
 * `node bench/patches.ts` prints a table.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KubeClient } from '@backendai-e2e/kube/client';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';
import { CustomObjectsApi, KubeConfig, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { startControlPlane } from '../envtest/control-plane/control-plane.ts';
import { WIDGET_CRD, WIDGETS } from '../envtest/doubles/widgets.ts';

/** The clients that are compared. */
export const CLIENTS = ['client-node', 'ours'] as const;
export type Client = (typeof CLIENTS)[number];

/** What one client did in one turn. */
interface Turn {
  /** Patches per second, one after the other. */
  sequential: number;
  /** Patches per second, ten in flight at any time. */
  parallel: number;
  /** Peak memory of its process, MiB. */
  memory: number;
}

/** How long each client is measured. */
export interface PatchesOptions {
  /** Turns of each client. Default 3. */
  turns?: number;
  /** Seconds for each of the two measurements of a turn. Default 3. */
  seconds?: number;
  log?: (line: string) => void;
}

const NAMESPACE = 'bench';
const PARALLEL = 10;

/** Runs all turns, and returns them in their order. Needs the binaries of the control plane (tools/envtest/processes/pinned-tools.ts). */
export async function measurePatches(options: PatchesOptions = {}): Promise<Record<Client, Turn[]>> {
  const { turns = 3, seconds = 3, log = () => {} } = options;
  const plane = await startControlPlane({ manifests: [WIDGET_CRD] });
  try {
    await plane.createNamespace(NAMESPACE);
    const client = plane.client();
    for (let index = 0; index < PARALLEL; index++) {
      await client.create(WIDGETS, { metadata: { namespace: NAMESPACE, name: nameOf(index) } });
    }
    const seen: Record<Client, Turn[]> = { 'client-node': [], ours: [] };
    for (let turn = 1; turn <= turns; turn++) {
      for (const name of CLIENTS) {
        const result = await inOwnProcess(name, plane.kubeconfigPath, seconds);
        log(`${name}, turn ${turn}: ${JSON.stringify(result)}`);
        seen[name].push(result);
      }
    }
    return seen;
  } finally {
    await plane.stop();
  }
}

async function inOwnProcess(client: Client, kubeconfig: string, seconds: number): Promise<Turn> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(import.meta.url), client, kubeconfig, `${seconds}`],
    { timeout: 120_000 },
  );
  return JSON.parse(stdout) as Turn;
}

/** One turn, in this process. */
async function turn(client: Client, kubeconfig: string, seconds: number): Promise<Turn> {
  const patch = client === 'ours' ? patchWithOurs(kubeconfig) : patchWithClientNode(kubeconfig);
  await rate(patch, 1, 0.5);
  const sequential = await rate(patch, 1, seconds);
  const parallel = await rate(patch, PARALLEL, seconds);
  return { sequential, parallel, memory: Math.round(process.resourceUsage().maxRSS / 1024) };
}

type Patch = (name: string, count: number) => Promise<unknown>;

function patchWithOurs(kubeconfig: string): Patch {
  const client = new KubeClient(loadKubeconfig({ kubeconfig }));
  return (name, count) =>
    client.mergePatch(
      WIDGETS,
      { namespace: NAMESPACE, name },
      { status: { count } },
      { subresource: 'status' },
    );
}

function patchWithClientNode(kubeconfig: string): Patch {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CustomObjectsApi);
  const at = {
    group: WIDGETS.apiVersion.split('/')[0] ?? '',
    version: 'v1',
    namespace: NAMESPACE,
    plural: WIDGETS.plural,
  };
  const header = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  return (name, count) =>
    api.patchNamespacedCustomObjectStatus({ ...at, name, body: { status: { count } } }, header);
}

/** Patches per second with this number in flight, each on its own object. */
async function rate(patch: Patch, parallel: number, seconds: number): Promise<number> {
  const start = performance.now();
  const end = start + seconds * 1000;
  let done = 0;
  const worker = async (index: number) => {
    while (performance.now() < end) {
      await patch(nameOf(index), ++done);
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, index) => worker(index)));
  return Math.round((done / (performance.now() - start)) * 1000);
}

function nameOf(index: number): string {
  return `widget-${index}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , client, kubeconfig, seconds] = process.argv;
  if (client === undefined || kubeconfig === undefined) {
    console.table(await measurePatches({ log: console.error }));
  } else {
    const result = await turn(client === 'ours' ? 'ours' : 'client-node', kubeconfig, Number(seconds));
    console.log(JSON.stringify(result));
    // client-node leaves a connection open for each request it made.
    process.exit(0);
  }
}
