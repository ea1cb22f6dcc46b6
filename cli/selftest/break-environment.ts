import { setTimeout as delay } from 'node:timers/promises';
import { conditionOf } from '../../operator/api/conditions.ts';
import { KINDS, LABELS } from '../../operator/api/group.ts';
import { ENVIRONMENT_CONDITIONS, type TestEnvironment } from '../../operator/api/test-environment.ts';
import type { TestReport } from '../../operator/api/test-report.ts';
import type { TestRun } from '../../operator/api/test-run.ts';
import { command } from '../machine/command.ts';
import type { Provision } from '../machine/provision.ts';
import { type ClusterApi, type KubeList, resourcePath } from '../run/cluster-client.ts';
import { followRun, isReady, namesOf } from '../run/follow.ts';
import { NAMES } from '../run/names.ts';
import { createRun } from '../run/runs.ts';
import { type Breakage, judge, laidOver, type Outcome, patchTo, type Step } from './breakages.ts';

/** A helm upgrade with new pods, on two busy cores. */
const READY_MS = 420_000;
/** Seconds for a suite that was broken: it may wait for what never comes, test by test. */
const RUN_SECONDS = 1_500;
const LOOK_MS = 2_000;
/** A step may wait until new pods are rolled out. */
const STEP_SECONDS = 300;

/** An environment of the kept cluster, and the way to it. */
export interface Bench {
  client: ClusterApi;
  kubectl: string;
  kubeconfig: string;
  environment: string;
  /** Its namespace. */
  namespace: string;
}

/**
 * Breaks an environment, runs the suite there, and mends the environment, whatever came. Returns whether the suite saw it.
 * Throws an Error for a step that fails, an environment that does not get ready again, or the signal's reason.
 */
export async function tryBreakage(bench: Bench, breakage: Breakage, p: Provision): Promise<Outcome> {
  const environment = await readEnvironment(bench, p.signal);
  const values = environment.spec.chart?.values ?? {};
  const later: Provision = { ...p, signal: AbortSignal.timeout(READY_MS * 2) };
  const changesValues = breakage.break.some((step) => step.values);
  try {
    if (!breakage.during) await breakIt(bench, breakage, p);
    const run = await createRun(
      bench.client,
      NAMES.operatorNamespace,
      'broken',
      specOf(bench, breakage),
      p.signal,
    );
    const broken = breakage.during
      ? whenBegun(bench, run, p).then(() => breakIt(bench, breakage, p))
      : undefined;
    const [reports] = await Promise.all([reportsOf(bench, run, p.signal), broken]);
    return judge(
      breakage,
      reports.flatMap((report) => report.status?.tests ?? []),
    );
  } finally {
    for (const step of breakage.mend) await take(bench, step, later);
    if (changesValues) await setValues(bench, values, later);
    await ready(bench, later);
  }
}

function specOf({ environment }: Bench, { suite, grep }: Breakage): TestRun['spec'] {
  return {
    environmentRef: { name: environment },
    suites: { names: [suite] },
    ...(grep ? { grep } : {}),
    timeoutSeconds: RUN_SECONDS,
  };
}

async function breakIt(bench: Bench, { break: steps }: Breakage, p: Provision): Promise<void> {
  for (const step of steps) await take(bench, step, p);
}

/** Does one step. */
async function take(bench: Bench, step: Step, p: Provision): Promise<void> {
  const { namespace, kubeconfig, kubectl } = bench;
  const run = (args: string[]): Promise<string> =>
    command(p, kubectl, ['--kubeconfig', kubeconfig, '--namespace', namespace, ...args], {
      timeoutSeconds: STEP_SECONDS,
    });
  const inside = (pod: string, container: string | undefined, args: string[]): Promise<string> =>
    run(['exec', pod, ...(container ? ['--container', container] : []), '--', ...args]);
  if (step.sql) {
    const psql = ['psql', '--host=/tmp', '--username=postgres', '--set=ON_ERROR_STOP=1', '--quiet'];
    const database = `--dbname=${step.database ?? 'backend'}`;
    await inside('postgres-0', 'postgres', [...psql, database, '--command', step.sql]);
  } else if (step.valkey) {
    await inside('valkey-0', 'valkey', ['valkey-cli', ...step.valkey.trim().split(/\s+/)]);
  } else if (step.shell) {
    const selector = `--selector=app.kubernetes.io/component=${step.component}`;
    const names = await run(['get', 'pods', selector, '--output=name']);
    const pods = names.split('\n').filter((name) => name !== '');
    for (const pod of step.everywhere ? pods : pods.slice(0, 1)) {
      await inside(pod, step.container, ['sh', '-ec', step.shell]);
    }
  } else if (step.kubectl) {
    await run(step.kubectl);
  } else if (step.values) {
    const { spec } = await readEnvironment(bench, p.signal);
    await setValues(bench, laidOver(spec.chart?.values ?? {}, step.values), p);
    await ready(bench, p);
  }
}

function readEnvironment({ client, environment }: Bench, signal: AbortSignal): Promise<TestEnvironment> {
  const path = resourcePath(KINDS.TestEnvironment.plural, NAMES.operatorNamespace, environment);
  return client.get<TestEnvironment>(path, {}, signal);
}

async function setValues(
  bench: Bench,
  values: Readonly<Record<string, unknown>>,
  { signal }: Provision,
): Promise<void> {
  const path = resourcePath(KINDS.TestEnvironment.plural, NAMES.operatorNamespace, bench.environment);
  const now = (await readEnvironment(bench, signal)).spec.chart?.values ?? {};
  await bench.client.mergePatch(path, { spec: { chart: { values: patchTo(now, values) } } }, signal);
}

/** Waits until the environment is ready as it is asked for now. */
async function ready(bench: Bench, p: Provision): Promise<void> {
  await waitFor(`environment ${bench.environment} to be ready`, READY_MS, p.signal, async () => {
    const found = await readEnvironment(bench, p.signal);
    const condition = conditionOf(found.status?.conditions, ENVIRONMENT_CONDITIONS.ready);
    const current = condition?.observedGeneration === found.metadata.generation;
    return isReady(found) && current ? undefined : (condition?.message ?? 'no condition Ready yet');
  });
}

/** Waits until a test of the run has begun or ended. */
async function whenBegun(bench: Bench, run: TestRun, p: Provision): Promise<void> {
  await waitFor(`a test of ${run.metadata.name} to end`, RUN_SECONDS * 1000, p.signal, async () => {
    const reports = await listReports(bench, run, p.signal);
    const ended = reports.flatMap((report) => report.status?.tests ?? []).filter(({ state }) => state);
    return ended.length > 0 ? undefined : 'no test has ended yet';
  });
}

async function listReports({ client }: Bench, run: TestRun, signal: AbortSignal): Promise<TestReport[]> {
  const path = resourcePath(KINDS.TestReport.plural, NAMES.operatorNamespace);
  const query = { labelSelector: `${LABELS.run}=${run.metadata.name}` };
  return (await client.get<KubeList<TestReport>>(path, query, signal)).items;
}

async function reportsOf(bench: Bench, run: TestRun, signal: AbortSignal): Promise<TestReport[]> {
  const names = namesOf(NAMES.operatorNamespace, run);
  const deadlineMs = (RUN_SECONDS + 300) * 1000;
  await followRun(bench.client, names, { signal, deadlineMs, onChange: () => {} });
  return listReports(bench, run, signal);
}

/** Looks every two seconds until `look` sees nothing missing. Throws an Error with what was missing last. */
async function waitFor(
  what: string,
  deadlineMs: number,
  signal: AbortSignal,
  look: () => Promise<string | undefined>,
): Promise<void> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const missing = await look();
    if (missing === undefined) return;
    if (performance.now() > until) {
      throw new Error(`waited ${Math.round(deadlineMs / 1000)} s for ${what}; last: ${missing}`);
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}
