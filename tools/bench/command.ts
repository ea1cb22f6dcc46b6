import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { API_VERSION } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { readCatalog } from '@backendai-e2e/cli/catalog/catalog';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import type { ImageSet } from '@backendai-e2e/cli/images/build';
import { realEffects, type Tools } from '@backendai-e2e/cli/kind/effects';
import { NAMES } from '@backendai-e2e/cli/kind/names';
import { chartImages } from '@backendai-e2e/cli/kind/objects';
import { command } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { ensureTool } from '@backendai-e2e/cli/machine/tools';
import { untilSuitesStand } from '@backendai-e2e/cli/runs/suites-ready';
import { table } from '@backendai-e2e/cli/terminal/table';
import { pathOf } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { parse } from 'yaml';
import { suitesAtOnce } from './at-once.ts';
import { benchPage } from './bench-page.ts';
import { type BenchRow, benchRow, judgedValue, judgementOf } from './bench-row.ts';
import { type EnvironmentPlace, environmentReady } from './environment-ready.ts';
import { measureOperatorCost } from './operator-cost.ts';
import { type Client, measurePatches } from './patches.ts';
import { runAgainstJob } from './run-against-job.ts';
import { runnerStart } from './runner-start.ts';

const SUITE = 'bench-one-test';
const ENVIRONMENT = 'bench';

/** What `tools/dev bench` measures: the rows that take minutes, those of them that need no cluster, or all rows. */
export const BENCH_ROWS = ['first', 'local', 'all'] as const;
export type BenchRows = (typeof BENCH_ROWS)[number];

/** Trials of the long rows. */
const LONG_REPEATS = 2;

/** Measures some rows. If one throws, the next ones are still measured. */
type Measure = (what: string, work: () => Promise<BenchRow[]>) => Promise<void>;

/**
 * `tools/dev bench`: measures in the kept cluster, or in one created for it. Writes bench.json and index.html in out/bench after
 * each row. Returns 1 when a row is worse than its goal by more than its own spread. Returns 2 when one could not be measured.
 */
export function benchCommand(repeats: number, which: string): Promise<number> {
  if (!Number.isInteger(repeats) || repeats < 1)
    throw new Error('--repeats must be a whole number, 1 or more');
  const rowsAsked = BENCH_ROWS.find((each) => each === which);
  if (!rowsAsked) throw new Error(`--rows must be one of ${BENCH_ROWS.join(', ')}, not "${which}"`);
  return withProvision(async (p) => {
    const out = path.join(PROJECT_ROOT, 'out/bench');
    await mkdir(out, { recursive: true });
    const rows: BenchRow[] = [];
    const failures: string[] = [];
    const measure: Measure = async (what, work) => {
      try {
        rows.push(...(await work()));
      } catch (error) {
        p.signal.throwIfAborted();
        failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await writeFile(path.join(out, 'bench.json'), `${JSON.stringify({ rows, failures }, null, 2)}\n`);
      await writeFile(path.join(out, 'index.html'), benchPage(rows, failures, new Date()));
    };
    await measure('the start of the runner', async () => [await runnerStart(out, repeats, p)]);
    if (rowsAsked !== 'local') await inCluster(repeats, rowsAsked, p, measure);
    await onLoopback(rowsAsked, p, measure);
    console.log(benchTable(rows).join('\n'));
    for (const failure of failures) console.error(`not measured: ${failure}`);
    console.log('The plot is out/bench/index.html.');
    return benchExit(rows, failures);
  });
}

/** The exit code of a bench: a row that is worse counts more than one that was not measured. */
export function benchExit(rows: readonly BenchRow[], failures: readonly string[]): number {
  if (rows.some((row) => judgementOf(row) === 'worse')) return COMMAND_EXIT.failed;
  return failures.length === 0 ? COMMAND_EXIT.passed : COMMAND_EXIT.couldNotRun;
}

/** The rows as a table. */
export function benchTable(rows: readonly BenchRow[]): string[] {
  return table(
    ['what', 'ours', 'floor', 'unit', 'compared', 'goal', 'spread', ''],
    rows.map((row) => [
      row.name,
      String(row.ours),
      String(row.floor),
      row.unit,
      `${judgedValue(row).toFixed(3)}${row.by === 'ratio' ? ' ×' : ` ${row.unit}`}`,
      `${row.better === 'lower' ? '≤' : '≥'} ${row.goal}`,
      row.spread.toFixed(3),
      judgementOf(row) === 'within' ? '' : judgementOf(row),
    ]),
  );
}

async function inCluster(repeats: number, which: BenchRows, p: Provision, measure: Measure): Promise<void> {
  const effects = realEffects(PROJECT_ROOT);
  const tools = await effects.tools(p);
  await effects.engine(p);
  const images = await effects.images(p);
  const wasThere = await effects.clusterExists(p);
  await mkdir(path.join(PROJECT_ROOT, NAMES.out), { recursive: true });
  try {
    if (!wasThere) await effects.createCluster(images.nodeImage, p);
    await effects.loadImages([images.refs.operator, images.refs.suites], p);
    await effects.installOperator(tools, images, p);
    const client = await effects.connect();
    try {
      const catalog = await readCatalog(PROJECT_ROOT);
      const suite = catalog.find(({ name }) => name === SUITE);
      const file = suite?.files[0];
      if (!file) throw new Error(`the catalog has no suite ${SUITE}`);
      const namespace = NAMES.operatorNamespace;
      const image = images.refs.suites;
      await untilSuitesStand(client, { namespace, names: [SUITE], image }, p);
      await makeEnvironment(client, p.signal);
      const target = { client, namespace, environment: ENVIRONMENT, suite: SUITE, file, image };
      const bench = { ...target, signal: p.signal, log: p.log };
      await measure('one suite', async () => [await runAgainstJob(bench, repeats)]);
      if (which === 'first') return;
      await measure('suites at once', async () => [await suitesAtOnce(bench, LONG_REPEATS)]);
      await measure('an environment', async () => [
        await environmentReady(await environmentPlace(client, tools, images, p), LONG_REPEATS),
      ]);
    } finally {
      await client.close();
    }
  } finally {
    if (!wasThere) await effects.deleteCluster({ ...p, signal: AbortSignal.timeout(120_000) });
  }
}

/** An environment that deploys nothing and gives suites no connection. */
async function makeEnvironment(client: RestApi, signal: AbortSignal): Promise<void> {
  const { operatorNamespace: namespace } = NAMES;
  await client.apply(
    pathOf(TEST_ENVIRONMENTS, { namespace, name: ENVIRONMENT }),
    {
      apiVersion: API_VERSION,
      kind: 'TestEnvironment',
      metadata: { name: ENVIRONMENT, namespace },
      spec: { external: {} },
    },
    signal,
  );
}

/** The chart and values of `make e2e-kind`, for the long row of the environment. */
async function environmentPlace(
  client: RestApi,
  tools: Tools,
  images: ImageSet,
  p: Provision,
): Promise<EnvironmentPlace> {
  const values: unknown = parse(await readFile(path.join(PROJECT_ROOT, NAMES.environmentValues), 'utf8'));
  const chart = {
    name: NAMES.environmentChart,
    folder: path.join(PROJECT_ROOT, 'charts', NAMES.environmentChart),
    values: { ...(values as Record<string, unknown> | null), images: chartImages(images.refs) },
  };
  const kubeconfig = path.join(PROJECT_ROOT, NAMES.out, 'kubeconfig');
  return {
    client,
    namespace: NAMES.operatorNamespace,
    chart,
    helm: (args, timeoutSeconds) =>
      command(p, tools.helm, [...args, '--kubeconfig', kubeconfig], { timeoutSeconds }),
    valuesFile: path.join(PROJECT_ROOT, NAMES.out, 'bench-values.yaml'),
    signal: p.signal,
    log: p.log,
  };
}

async function onLoopback(which: BenchRows, p: Provision, measure: Measure): Promise<void> {
  process.env.E2E_KUBE_APISERVER = await ensureTool('kube-apiserver', p);
  process.env.E2E_ETCD = await ensureTool('etcd', p);
  process.env.E2E_HELM = await ensureTool('helm', p);
  await measure('status patches', () => patches(p));
  if (which !== 'all') return;
  await measure("the operator's cost", () => measureOperatorCost({ log: p.log, signal: p.signal }));
}

async function patches(p: Provision): Promise<BenchRow[]> {
  const measured = await measurePatches({ log: p.log });
  const of = (client: Client, key: 'sequential' | 'parallel') => measured[client].map((turn) => turn[key]);
  const row = (name: string, key: 'sequential' | 'parallel'): BenchRow => ({
    // Measured elsewhere: a ratio of 2.5 to 4 against one keep-alive agent. Below 2, the pool would not be shared.
    ...benchRow(name, of('ours', key), of('client-node', key), { goal: 2 }),
    ...{ unit: 'patches/s', better: 'higher' as const },
  });
  return [
    row('status patches, one at a time, against client-node as it comes', 'sequential'),
    row('status patches, ten at a time, against client-node as it comes', 'parallel'),
  ];
}
