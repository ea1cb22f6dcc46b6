/**
 * The cost of the operator: its memory when idle and after many runs, and its requests for one more run. It runs as
 * deployed (operator-process.ts) against a real API server on this machine. suite-player.ts plays the rest of the cluster. All
 * figures are of the operator alone.
 *
 * `node bench/operator-cost.ts [runs]` prints the rows. Linux only: memory is read from /proc.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { NAMESPACES } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { crdFiles } from '../crds/files.ts';
import { startControlPlane } from '../envtest/control-plane/control-plane.ts';
import { startKubelet } from '../envtest/doubles/fake-kubelet.ts';
import { renderOperatorChart } from '../envtest/operator/operator-chart.ts';
import { freePorts } from '../envtest/processes/free-ports.ts';
import { until } from '../envtest/waits/until.ts';
import { type BenchRow, singleRow } from './bench-row.ts';
import { startAsDeployed } from './operator-process.ts';
import { playSuites } from './suite-player.ts';

/** Runs of one environment are sequential, so each run at once needs an environment. */
const ENVIRONMENTS = 10;
/** Runs over which requests are counted, before and after. */
const COUNTED = 20;
/** Milliseconds without work after which the last requests for a run are done: events, history of suites. */
const WRITTEN_MS = 5_000;
/** Milliseconds without work before memory is read. Idle connections are closed after 60 s. */
const SETTLE_MS = 90_000;
/** MiB that the operator may take. */
const MEMORY_GOAL = 120;

/** How much the operator has to do while its cost is measured. */
export interface OperatorCostOptions {
  /** Number of finished runs at the end. Default: 1,000. */
  runs?: number;
  log?: (line: string) => void;
  signal?: AbortSignal;
}

/** Measures. Needs the binaries of the control plane and helm (tools/envtest/processes/pinned-tools.ts). */
export async function measureOperatorCost(options: OperatorCostOptions = {}): Promise<BenchRow[]> {
  const { runs = 1_000, log = () => {}, signal } = options;
  const plane = await startControlPlane({ manifests: crdFiles().map(({ content }) => content) });
  const stop = new AbortController();
  // Ctrl-C must not wait for memory to settle.
  signal?.addEventListener('abort', () => stop.abort(signal.reason), { once: true });
  let operator: ChildProcess | undefined;
  try {
    const client = plane.client();
    await client.create(NAMESPACES, { metadata: { name: OPERATOR_NAMESPACE } });
    await plane.applyYaml(await renderOperatorChart('rbac.yaml'));
    await prepare(client);
    const [port] = await freePorts();
    operator = await startAsDeployed({
      server: plane.url,
      kubeconfig: (await plane.serviceAccount(OPERATOR_NAMESPACE, OPERATOR_NAME)).kubeconfigPath,
      folder: join(plane.folder, 'account'),
      port,
    });
    const pid = operator.pid ?? 0;
    operator.once('exit', () => stop.abort(new Error('the operator ended unexpectedly')));
    await until('the operator leads', async () => (await metricOf(port, /^e2e_operator_leader\b.*/)) === 1);
    const kubelet = await startKubelet(plane);
    const player = playSuites(client, kubelet, OPERATOR_NAMESPACE, stop.signal);
    player.catch((error: unknown) => stop.abort(error));
    const settled = async () => {
      await delay(SETTLE_MS, undefined, { signal: stop.signal });
      signal?.throwIfAborted();
      return memoryOf(pid);
    };
    const idle = await settled();
    log(`idle: ${idle} MiB, ${await heapOf(port)}`);
    const few = await perRun(client, 'few', port, stop.signal);
    log(`with no finished runs: ${few} requests a run, ${memoryOf(pid)} MiB`);
    for (let done = 0; done < runs; done += 100) {
      await runMany(client, `bulk-${done}`, Math.min(100, runs - done), stop.signal);
      signal?.throwIfAborted();
      log(`${done + 100} runs: ${memoryOf(pid)} MiB, ${await heapOf(port)}`);
    }
    const many = await perRun(client, 'many', port, stop.signal);
    const after = await settled();
    log(`with ${runs} finished runs: ${many} requests a run, ${after} MiB, ${await heapOf(port)}`);
    await kubelet.stop();
    return [
      row("the operator's memory when idle, against its goal", idle, MEMORY_GOAL, 'MiB', 1),
      row(`the operator's memory after ${runs} runs, against its goal`, after, MEMORY_GOAL, 'MiB', 1),
      row(`the operator's memory after ${runs} runs, against idle`, after, idle, 'MiB', 1.05),
      row(`API requests a run with ${runs} finished runs, against none`, many, few, 'requests', 1.1),
    ];
  } finally {
    stop.abort(new Error('over'));
    if (operator?.exitCode === null) {
      operator.kill('SIGKILL');
      await once(operator, 'exit');
    }
    await plane.stop();
  }
}

function row(name: string, ours: number, floor: number, unit: string, goal: number): BenchRow {
  return singleRow({ name, ours, floor, unit, goal, better: 'lower' });
}

async function prepare(client: KubeClient): Promise<void> {
  await client.create(TEST_SUITES, {
    metadata: { name: 'alpha', namespace: OPERATOR_NAMESPACE },
    spec: { files: ['area/file'], image: 'suites:bench' },
  });
  for (let index = 0; index < ENVIRONMENTS; index++) {
    await client.create(TEST_ENVIRONMENTS, {
      metadata: { name: `environment-${index}`, namespace: OPERATOR_NAMESPACE },
      spec: { external: {} },
    });
  }
}

/** Creates runs and waits until each has its verdict. */
async function runMany(
  client: KubeClient,
  prefix: string,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    await client.create(TEST_RUNS, {
      metadata: { name: `${prefix}-${index}`, namespace: OPERATOR_NAMESPACE },
      spec: { environmentRef: { name: `environment-${index % ENVIRONMENTS}` }, suites: { names: ['alpha'] } },
    });
  }
  await until(
    `the runs ${prefix} have ended`,
    async () => {
      if (signal.aborted) return true;
      const query = { namespace: OPERATOR_NAMESPACE, fieldSelector: 'status.finishedAt=' };
      const { items } = await client.list(TEST_RUNS, query);
      if (items.length > 0)
        throw new Error(`${items.length} have not, ${items[0]?.metadata.name} among them`);
      return true;
    },
    { everyMs: 500 },
  );
  signal.throwIfAborted();
}

/** Requests that the operator makes for a run, including its idle requests. */
async function perRun(
  client: KubeClient,
  prefix: string,
  port: number,
  signal: AbortSignal,
): Promise<number> {
  const before = await requestsOf(port);
  await runMany(client, prefix, COUNTED, signal);
  await delay(WRITTEN_MS, undefined, { signal });
  return Math.round(((await requestsOf(port)) - before) / COUNTED / 0.01) / 100;
}

/** All requests so far, except renewals of the lease, which depend on time alone. */
function requestsOf(port: number): Promise<number> {
  return metricOf(port, /^e2e_operator_api_requests_total\{(?!.*verb="update").*/);
}

/** The sum of a metric's samples. */
async function metricOf(port: number, line: RegExp): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const samples = text.split('\n').filter((each) => line.test(each));
  return samples.reduce((sum, each) => sum + Number(each.slice(each.lastIndexOf(' '))), 0);
}

/** The part of its heap that is in use, for the log. */
async function heapOf(port: number): Promise<string> {
  const names = [
    'nodejs_heap_size_used_bytes',
    'nodejs_heap_size_total_bytes',
    'nodejs_external_memory_bytes',
  ];
  const [used, total, external] = await Promise.all(
    names.map(
      async (name) => Math.round(((await metricOf(port, new RegExp(`^${name} `))) / 1024 / 1024) * 10) / 10,
    ),
  );
  return `heap ${used} of ${total} MiB, external ${external} MiB`;
}

/** Resident memory of a process, MiB. */
function memoryOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 102.4) / 10;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const runs = Number(process.argv[2] ?? 1_000);
  console.table(await measureOperatorCost({ runs, log: console.error }));
}
