import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import {
  isFinished,
  type RunSuite,
  suiteOf,
  type TestRun,
  type TestRunStatus,
} from '@backendai-e2e/api/test-run';
import { countKey, TEST_STATES } from '@backendai-e2e/api/verdict';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Histogram buckets from one second to two hours, in seconds. */
const LONG = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

/** Metrics of runs, suites and environments. All have the label namespace. */
export class OperatorMetrics {
  readonly #runs: Counter<'namespace' | 'verdict'>;
  readonly #runSeconds: Histogram<'namespace' | 'verdict'>;
  readonly #waitSeconds: Histogram<'namespace'>;
  readonly #suites: Counter<'namespace' | 'suite' | 'verdict'>;
  readonly #suiteSeconds: Histogram<'namespace' | 'suite'>;
  readonly #tests: Counter<'namespace' | 'state'>;
  readonly #flakes: Counter<'namespace' | 'suite'>;
  readonly #readySeconds: Histogram<'namespace'>;
  /** By namespace: the runs that exist now. */
  readonly #active = new Map<string, () => readonly TestRun[]>();

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
      new Counter({ name, help, labelNames, registers });
    const histogram = <T extends string>(name: string, help: string, labelNames: T[], buckets = LONG) =>
      new Histogram({ name, help, labelNames, buckets, registers });
    this.#runs = counter('e2e_runs_total', 'Runs that ended, by verdict.', ['namespace', 'verdict']);
    this.#runSeconds = histogram('e2e_run_seconds', 'Seconds from the start of a run to its verdict.', [
      'namespace',
      'verdict',
    ]);
    this.#waitSeconds = histogram(
      'e2e_run_queue_wait_seconds',
      'Seconds from the creation of a run to its start, spent waiting for other runs of its environment.',
      ['namespace'],
      [0.1, 0.5, ...LONG],
    );
    this.#suites = counter('e2e_suites_total', 'Suites of runs that ended, by verdict.', [
      'namespace',
      'suite',
      'verdict',
    ]);
    this.#suiteSeconds = histogram('e2e_suite_seconds', 'Duration of the deciding attempt of a suite.', [
      'namespace',
      'suite',
    ]);
    this.#tests = counter('e2e_tests_total', 'Tests of the deciding attempts of suites, by state.', [
      'namespace',
      'state',
    ]);
    this.#flakes = counter('e2e_flakes_total', 'Suites that passed on a retry.', ['namespace', 'suite']);
    this.#readySeconds = histogram(
      'e2e_environment_ready_seconds',
      'Seconds from the start of helm until the environment was Ready for the first time.',
      ['namespace'],
    );
    const active = this.#active;
    new Gauge({
      name: 'e2e_runs_active',
      help: 'Runs without a verdict, by phase; Queued is the depth of the queue.',
      labelNames: ['namespace', 'phase'],
      registers,
      collect() {
        this.reset();
        for (const [namespace, list] of active) {
          for (const phase of ['Queued', 'Running', 'Suspended', 'WaitingForEnvironment']) {
            this.set({ namespace, phase }, 0);
          }
          for (const run of list()) {
            if (!isFinished(run)) this.inc({ namespace, phase: run.status?.phase ?? 'Queued' });
          }
        }
      },
    });
  }

  /** Sets the source of the gauge of active runs for a namespace. */
  follow(namespace: string, list: () => readonly TestRun[]): void {
    this.#active.set(namespace, list);
  }

  /** Counts changes of a run: suites that ended, its start, its end. */
  run(before: TestRun, after: TestRunStatus): void {
    const { namespace = '', creationTimestamp } = before.metadata;
    for (const line of endedSuites(before.status?.suites, after.suites)) this.#suite(namespace, line);
    if (!before.status?.startedAt && after.startedAt && creationTimestamp) {
      this.#waitSeconds.observe({ namespace }, secondsBetween(creationTimestamp, after.startedAt));
    }
    const { verdict, startedAt, finishedAt } = after;
    if (before.status?.finishedAt || !finishedAt || !verdict) return;
    this.#runs.inc({ namespace, verdict });
    if (startedAt) this.#runSeconds.observe({ namespace, verdict }, secondsBetween(startedAt, finishedAt));
  }

  /** Counts that an environment became Ready for the first time since helm was started. */
  environment(before: TestEnvironment, after: TestEnvironment['status']): void {
    if (before.status?.readyAt || !after?.readyAt || !after.deployStartedAt) return;
    const { namespace = '' } = before.metadata;
    this.#readySeconds.observe({ namespace }, secondsBetween(after.deployStartedAt, after.readyAt));
  }

  #suite(namespace: string, line: RunSuite): void {
    const { verdict, seconds, counts } = line;
    if (!verdict) return;
    const suite = suiteOf(line);
    this.#suites.inc({ namespace, suite, verdict });
    if (verdict === 'Flaky') this.#flakes.inc({ namespace, suite });
    if (seconds !== undefined) this.#suiteSeconds.observe({ namespace, suite }, seconds);
    for (const state of TEST_STATES) {
      const count = counts?.[countKey(state)] ?? 0;
      if (count > 0) this.#tests.inc({ namespace, state }, count);
    }
  }
}

/** Lines that are Finished now and were not before. */
function endedSuites(
  before: readonly RunSuite[] | undefined,
  after: readonly RunSuite[] | undefined,
): RunSuite[] {
  const over = new Set(before?.filter(({ state }) => state === 'Finished').map(({ name }) => name));
  return (after ?? []).filter(({ name, state }) => state === 'Finished' && !over.has(name));
}

/** Never negative, even when clocks are adjusted. */
function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
