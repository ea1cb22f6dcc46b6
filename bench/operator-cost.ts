/**
 * What the operator itself costs: its memory when idle and after many runs, and its requests to the API server for a run when
 * many finished ones are there. It runs as its image starts it (compiled, with a pod's service account) against a real API
 * server on this machine; this file plays the suites. No kubelet and no controllers: figures of the operator alone.
 *
 * `node bench/operator-cost.ts [runs]` prints the rows. Linux only: memory is read from /proc.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { crdFiles } from '../operator/api/generate-crds.ts';
import { API_VERSION, FIELD_MANAGERS } from '../operator/api/group.ts';
import type { TestReport } from '../operator/api/test-report.ts';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '../operator/controllers/kinds.ts';
import { NAMESPACES } from '../operator/runtime/builtin-resources.ts';
import type { KubeClient } from '../operator/runtime/kube-client.ts';
import { startControlPlane } from '../operator/testing/control-plane.ts';
import { freePorts } from '../operator/testing/free-ports.ts';
import { finalReport, renderOperatorChart } from '../operator/testing/stage.ts';
import { until } from '../operator/testing/until.ts';
import type { BenchRow } from './run-against-job.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NAMESPACE = 'backendai-e2e';
/** Runs of one environment go one after the other: so many environments, so many runs at once. */
const ENVIRONMENTS = 10;
/** Runs over which requests are counted, before and after. */
const COUNTED = 20;
/** Milliseconds without any work before memory is read. */
const SETTLE_MS = 5_000;
/** MiB that the operator may take when idle. */
const MEMORY_GOAL = 120;

export interface OperatorCostOptions {
  /** Finished runs that are there at the end. Default 1 000. */
  runs?: number;
  log?: (line: string) => void;
  signal?: AbortSignal;
}

/** Measures. Needs the binaries of the control plane and helm (operator/testing/binaries.ts). */
export async function measureOperatorCost(options: OperatorCostOptions = {}): Promise<BenchRow[]> {
  const { runs = 1_000, log = () => {}, signal } = options;
  const plane = await startControlPlane({ manifests: crdFiles().map(({ content }) => content) });
  let operator: ChildProcess | undefined;
  const stop = new AbortController();
  try {
    const client = plane.client();
    await client.create(NAMESPACES, { metadata: { name: NAMESPACE } });
    await plane.applyYaml(await renderOperatorChart('rbac.yaml'));
    await prepare(client);
    const [port] = await freePorts();
    const { token, authority } = accountOf(
      (await plane.serviceAccount(NAMESPACE, 'backendai-e2e-operator')).kubeconfigPath,
    );
    operator = await startCompiled(plane.url, join(plane.folder, 'account'), token, authority, port);
    const pid = operator.pid ?? 0;
    const ended = once(operator, 'exit').then(() => stop.abort(new Error('the operator ended by itself')));
    ended.catch(() => undefined);
    await until('the operator is ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, {
      timeoutMs: 30_000,
    });
    const player = play(client, stop.signal);
    player.catch(() => undefined);
    await delay(SETTLE_MS, undefined, { signal: stop.signal });
    const idle = memoryOf(pid);
    log(`idle: ${idle} MiB`);
    const requests = () => requestsOf(port);
    const few = await perRun(client, 'few', COUNTED, requests);
    const warm = memoryOf(pid);
    log(`with no finished runs: ${few} requests a run, ${warm} MiB`);
    for (let done = 0; done < runs; done += 100) {
      await runMany(client, `bulk-${done}`, Math.min(100, runs - done));
      signal?.throwIfAborted();
      log(`${done + 100} runs: ${memoryOf(pid)} MiB, ${await heapOf(port)}`);
    }
    const many = await perRun(client, 'many', COUNTED, requests);
    await delay(SETTLE_MS, undefined, { signal: stop.signal });
    const after = memoryOf(pid);
    log(`with ${runs} finished runs: ${many} requests a run, ${after} MiB`);
    return [
      row("the operator's memory when idle, against its goal", idle, MEMORY_GOAL, 'MiB', 1),
      row(`the operator's memory with ${runs} finished runs, against its goal`, after, MEMORY_GOAL, 'MiB', 1),
      row(`the operator's memory with ${runs} finished runs, against ${COUNTED}`, after, warm, 'MiB', 1.05),
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
  return { name, ours, floor, unit, ratio: Math.round((ours / floor) * 1000) / 1000, goal, better: 'lower' };
}

/** Compiles as the image's build does, and starts the operator as its container is started. */
async function startCompiled(
  server: string,
  account: string,
  token: string,
  authority: string,
  port: number,
): Promise<ChildProcess> {
  const out = join(ROOT, 'out/bench/dist');
  await execa(join(ROOT, 'node_modules/.bin/tsc'), ['-p', ROOT, '--outDir', out, '--noCheck'], { cwd: ROOT });
  mkdirSync(account);
  writeFileSync(join(account, 'token'), token, { mode: 0o600 });
  writeFileSync(join(account, 'ca.crt'), authority);
  const { hostname, port: apiPort } = new URL(server);
  const args = [
    ...(process.env.E2E_BENCH_NODE_FLAGS ?? nodeFlags()).split(' ').filter((flag) => flag !== ''),
    join(out, 'operator/main.js'),
    `--namespace=${NAMESPACE}`,
    '--leader-elect',
    `--metrics-port=${port}`,
    '--log-level=warn',
  ];
  const { KUBECONFIG: _none, ...env } = process.env;
  return spawn(process.execPath, args, {
    env: {
      ...env,
      NODE_ENV: 'production',
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: apiPort,
      E2E_SERVICE_ACCOUNT_DIR: account,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** The flags of Node.js that the operator's image gives. */
function nodeFlags(): string {
  const entry = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(join(ROOT, 'images/operator/Dockerfile'), 'utf8'));
  const words = JSON.parse(entry?.[1] ?? '[]') as string[];
  return words.filter((word) => word.startsWith('--')).join(' ');
}

function accountOf(kubeconfig: string): { token: string; authority: string } {
  const { users, clusters } = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const data: string = clusters[0].cluster['certificate-authority-data'];
  return { token: users[0].user.token, authority: Buffer.from(data, 'base64').toString() };
}

async function prepare(client: KubeClient): Promise<void> {
  await client.create(TEST_SUITES, {
    metadata: { name: 'alpha', namespace: NAMESPACE },
    spec: { files: ['area/file'], image: 'suites:bench' },
  });
  for (let index = 0; index < ENVIRONMENTS; index++) {
    await client.create(TEST_ENVIRONMENTS, {
      metadata: { name: `environment-${index}`, namespace: NAMESPACE },
      spec: { external: {} },
    });
  }
}

/** Plays the suites: each report gets its end as soon as it is there. Ends by throwing. */
async function play(client: KubeClient, signal: AbortSignal): Promise<void> {
  const { resourceVersion } = await client.list(TEST_REPORTS, { namespace: NAMESPACE });
  let from = resourceVersion;
  while (!signal.aborted) {
    const query = { namespace: NAMESPACE, resourceVersion: from, timeoutSeconds: 300 };
    for await (const { type, object } of client.watch(TEST_REPORTS, query, signal)) {
      from = object.metadata.resourceVersion ?? from;
      if (type === 'ADDED') void finish(client, object).catch(console.error);
    }
  }
}

async function finish(client: KubeClient, report: TestReport): Promise<void> {
  const { name } = report.metadata;
  await client.applyStatus(
    TEST_REPORTS,
    { apiVersion: API_VERSION, metadata: { name, namespace: NAMESPACE }, status: finalReport('Passed') },
    { fieldManager: FIELD_MANAGERS.runner, force: true },
  );
}

/** Creates runs and waits until each has its verdict. */
async function runMany(client: KubeClient, prefix: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await client.create(TEST_RUNS, {
      metadata: { name: `${prefix}-${index}`, namespace: NAMESPACE },
      spec: { environmentRef: { name: `environment-${index % ENVIRONMENTS}` } },
    });
  }
  await until(
    `the runs ${prefix} have ended`,
    async () => {
      const query = { namespace: NAMESPACE, fieldSelector: 'status.finishedAt=' };
      const { items } = await client.list(TEST_RUNS, query);
      if (items.length > 0)
        throw new Error(`${items.length} have not, ${items[0]?.metadata.name} among them`);
      return true;
    },
    { timeoutMs: 120_000 },
  );
}

/** Requests that the operator makes for a run, what it does at rest included. */
async function perRun(
  client: KubeClient,
  prefix: string,
  count: number,
  requests: () => Promise<number>,
): Promise<number> {
  const before = await requests();
  await runMany(client, prefix, count);
  // Events and the records of suites are written a moment later.
  await delay(SETTLE_MS);
  return Math.round(((await requests()) - before) / count / 0.01) / 100;
}

/** All requests so far but the renewals of its lease, which only time makes. */
async function requestsOf(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => /^e2e_operator_api_requests_total\{/.test(line) && !/verb="update"/.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** What of its heap is in use, for the log. */
async function heapOf(port: number): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const value = (name: string) =>
    Math.round(Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0) / 1024 / 1024);
  const external = value('nodejs_external_memory_bytes');
  return `heap ${value('nodejs_heap_size_used_bytes')} of ${value('nodejs_heap_size_total_bytes')} MiB, external ${external} MiB`;
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
