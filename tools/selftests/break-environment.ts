import { setTimeout as delay } from 'node:timers/promises';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_ENVIRONMENTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import { ENVIRONMENT_CONDITIONS, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { NAMES } from '@backendai-e2e/cli/kind/names';
import { command } from '@backendai-e2e/cli/machine/command';
import type { Provision } from '@backendai-e2e/cli/machine/provision';
import { followRun, isReady, namesOf } from '@backendai-e2e/cli/runs/follow';
import { listReports } from '@backendai-e2e/cli/runs/reports';
import { createRun } from '@backendai-e2e/cli/runs/runs';
import { pathOf } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { type Breakage, judge, type Outcome, type Step } from './breakages.ts';

/** Time for new pods of a component to become ready on two busy cores, milliseconds. */
const READY_MS = 420_000;
/** Seconds for a suite in a broken environment, in which each test may wait for its full time-out. */
const RUN_SECONDS = 1_500;
const LOOK_MS = 2_000;
/** Time for one step, which may wait for a rollout, milliseconds. */
const STEP_SECONDS = 300;

/** An environment of the kept cluster, and how to reach it. */
export interface Bench {
  client: RestApi;
  kubectl: string;
  kubeconfig: string;
  environment: string;
  /** Its namespace. */
  namespace: string;
}

/**
 * Breaks an environment, runs the suite there, and always restores the environment. Returns whether the suite detected it.
 * Throws an Error for a step that fails, an environment that does not become ready again, or the signal's reason.
 */
export async function tryBreakage(bench: Bench, breakage: Breakage, p: Provision): Promise<Outcome> {
  let run: TestRun | undefined;
  try {
    for (const step of breakage.break) await take(bench, step, p);
    run = await createRun(bench.client, NAMES.operatorNamespace, 'broken', specOf(bench, breakage), p.signal);
    const reports = await reportsOf(bench, run, p.signal);
    return judge(
      breakage,
      reports.flatMap((report) => report.status?.tests ?? []),
    );
  } finally {
    await mend(bench, breakage, run, { ...p, signal: AbortSignal.timeout(READY_MS * 2) });
  }
}

/** Performs every step, even after a failure. Ends a run that still continues, as after Ctrl-C. Throws an AggregateError. */
async function mend(
  bench: Bench,
  { mend: steps }: Breakage,
  run: TestRun | undefined,
  p: Provision,
): Promise<void> {
  const path = pathOf(TEST_RUNS, { namespace: NAMES.operatorNamespace, name: run?.metadata.name ?? '' });
  const works = [
    ...(run ? [() => bench.client.mergePatch(path, { spec: { cancel: true } }, p.signal)] : []),
    ...steps.map((step) => () => take(bench, step, p)),
    () => untilReady(bench, p),
  ];
  const errors: unknown[] = [];
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) {
    const said = errors.map((error) => (error instanceof Error ? error.message : String(error)));
    throw new AggregateError(errors, `${bench.environment} is not restored: ${said.join('; ')}`);
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

/** Performs one step. */
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
  }
}

/** Waits until the environment is ready. Throws an Error with its last status. */
export async function untilReady({ client, environment }: Bench, { signal }: Provision): Promise<void> {
  const path = pathOf(TEST_ENVIRONMENTS, { namespace: NAMES.operatorNamespace, name: environment });
  const until = performance.now() + READY_MS;
  for (;;) {
    const found = await client.get<TestEnvironment>(path, {}, signal);
    if (isReady(found)) return;
    if (performance.now() > until) {
      const said = conditionOf(found.status?.conditions, ENVIRONMENT_CONDITIONS.ready)?.message;
      throw new Error(
        `environment ${environment} was not ready after ${READY_MS / 1000} s: ${said ?? 'no word'}`,
      );
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** Follows a run to its end, and returns its reports. `seconds`: the run's own time-out. */
export async function reportsOf(
  bench: Bench,
  run: TestRun,
  signal: AbortSignal,
  seconds = RUN_SECONDS,
): Promise<TestReport[]> {
  const names = namesOf(NAMES.operatorNamespace, run);
  const deadlineMs = (seconds + 300) * 1000;
  await followRun(bench.client, names, { signal, deadlineMs, onChange: () => {} });
  return listReports(bench.client, NAMES.operatorNamespace, signal, run.metadata.name);
}
