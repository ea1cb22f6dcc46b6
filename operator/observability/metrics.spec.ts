import { testEnvironment, testRun } from '@backendai-e2e/api/object-fixtures';
import type { RunSuite, TestRun, TestRunStatus } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { OperatorMetrics } from './metrics.ts';

const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString();
const counts = { total: 3, passed: 2, failed: 1, pending: 0, interrupted: 0 };

const run = (status?: TestRunStatus): TestRun =>
  testRun('run', { metadata: { creationTimestamp: at(0) }, status });

const line = (name: string, rest: Partial<RunSuite> = {}): RunSuite => ({
  name,
  state: 'Running',
  attempt: 1,
  ...rest,
});
const ended = (name: string, verdict: RunSuite['verdict']) =>
  line(name, { state: 'Finished', ...(verdict ? { verdict } : {}), seconds: 4, counts });

describe('OperatorMetrics', () => {
  let registry: Registry;
  let operatorMetrics: OperatorMetrics;
  beforeEach(() => {
    registry = new Registry();
    operatorMetrics = new OperatorMetrics(registry);
  });

  /** The samples of a metric that are not zero, without histogram buckets, as "labels value". */
  async function samples(name: string): Promise<string[]> {
    const text = await registry.metrics();
    return text
      .split('\n')
      .filter((row) => row.startsWith(name) && !row.includes('_bucket') && !row.endsWith(' 0'))
      .map((row) => row.slice(name.length));
  }

  it('counts a suite once, when it ends: verdict, seconds, tests and flakes', async () => {
    const before = run({ suites: [line('alpha'), line('beta')] });
    const after = { suites: [ended('alpha', 'Flaky'), line('beta')] };
    operatorMetrics.run(before, after);
    operatorMetrics.run(run(after), after);
    expect(await samples('e2e_suites_total')).to.deep.equal([
      '{namespace="ns",suite="alpha",verdict="Flaky"} 1',
    ]);
    expect(await samples('e2e_flakes_total')).to.deep.equal(['{namespace="ns",suite="alpha"} 1']);
    expect(await samples('e2e_suite_seconds')).to.deep.equal([
      '_sum{namespace="ns",suite="alpha"} 4',
      '_count{namespace="ns",suite="alpha"} 1',
    ]);
    expect(await samples('e2e_tests_total')).to.deep.equal([
      '{namespace="ns",state="passed"} 2',
      '{namespace="ns",state="failed"} 1',
    ]);
  });

  it('counts a run once, with what it waited and took', async () => {
    const started = { startedAt: at(30), suites: [line('alpha')] };
    const over = { ...started, verdict: 'Failed' as const, finishedAt: at(90), suites: [] };
    operatorMetrics.run(run(), started);
    operatorMetrics.run(run(started), over);
    operatorMetrics.run(run(over), over);
    expect(await samples('e2e_runs_total')).to.deep.equal(['{namespace="ns",verdict="Failed"} 1']);
    expect(await samples('e2e_run_seconds')).to.include('_sum{namespace="ns",verdict="Failed"} 60');
    expect(await samples('e2e_run_queue_wait_seconds')).to.include('_sum{namespace="ns"} 30');
  });

  it('never counts negative seconds: clocks move', async () => {
    operatorMetrics.run(run({ startedAt: at(90) }), {
      startedAt: at(90),
      verdict: 'Passed',
      finishedAt: at(30),
    });
    expect(await samples('e2e_run_seconds')).to.deep.equal(['_count{namespace="ns",verdict="Passed"} 1']);
  });

  it('shows the queue as it is now', async () => {
    const over = run({
      phase: 'Failed',
      conditions: [
        { type: 'Succeeded', status: 'False', reason: 'x', message: 'x', lastTransitionTime: at(0) },
      ],
    });
    operatorMetrics.follow('ns', () => [run({ phase: 'Queued' }), run(), run({ phase: 'Running' }), over]);
    expect(await samples('e2e_runs_active')).to.deep.equal([
      '{namespace="ns",phase="Queued"} 2',
      '{namespace="ns",phase="Running"} 1',
    ]);
  });

  it('operatorMetrics how long a deployment took to be ready, once', async () => {
    const environment = testEnvironment('e');
    const status = { deployStartedAt: at(10), readyAt: at(70) };
    operatorMetrics.environment(environment, status);
    operatorMetrics.environment({ ...environment, status }, status);
    operatorMetrics.environment(environment, { readyAt: at(70) });
    expect(await samples('e2e_environment_ready_seconds')).to.deep.equal([
      '_sum{namespace="ns"} 60',
      '_count{namespace="ns"} 1',
    ]);
  });
});
