import { conditionOf } from '@backendai-e2e/api/conditions';
import { condition, testReport, testRun } from '@backendai-e2e/api/object-fixtures';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun, TestRunSpec, TestRunStatus } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { planRun } from './plan.ts';
import type { RunPlan, RunWorld } from './plan-builder.ts';
import { environment, READY, suite } from './plan-fixtures.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const environmentRef = { name: 'env' };

function run(spec: Partial<TestRunSpec>, status?: TestRunStatus, name = 'run', created = START): TestRun {
  const metadata = { uid: name, generation: 1, creationTimestamp: new Date(created).toISOString() };
  return testRun(name, { metadata, spec: { environmentRef, ...spec }, status });
}

const report = (name: string, verdict?: 'Passed' | 'Failed'): TestReport =>
  testReport(name, { status: verdict ? { final: true, verdict } : {} });

function plan(subject: TestRun, seconds: number, changes: Partial<RunWorld> = {}): RunPlan {
  return planRun({
    now: new Date(START + seconds * 1000),
    run: subject,
    environment: environment(READY),
    suites: [suite('alpha'), suite('beta')],
    reports: [],
    others: [],
    ...changes,
  });
}

const started = (made: RunPlan) => made.start.map(({ name }) => name);
const phase = (made: RunPlan) => made.status.phase;

describe('a suspended run', () => {
  it('that has not started waits and lets a later one pass', () => {
    const first = run({ suspend: true }, undefined, 'first');
    const held = plan(first, 1);
    expect([started(held), phase(held), held.status.startedAt]).to.deep.equal([[], 'Suspended', undefined]);
    expect(started(plan(run({}, undefined, 'run', START + 5_000), 6, { others: [first] }))).to.deep.equal([
      'run-alpha-1',
    ]);
    const resumed = { ...first, spec: { environmentRef }, status: held.status };
    const second = run({}, undefined, 'run', START + 5_000);
    expect(phase(plan(second, 6, { others: [resumed] }))).to.equal('Queued');
    expect(started(plan(resumed, 7, { others: [second] }))).to.deep.equal(['first-alpha-1']);
  });

  it('lets running suites end, starts no others, and goes on when resumed', () => {
    const running = plan(run({}), 0);
    expect(started(running)).to.deep.equal(['run-alpha-1']);
    const held = plan(run({ suspend: true }, running.status), 5, { reports: [report('alpha')] });
    expect(phase(held)).to.equal('Suspended');
    expect(conditionOf(held.status.conditions, 'Succeeded')?.message).to.include('still running: alpha');
    const ended = plan(run({ suspend: true }, held.status), 8, { reports: [report('alpha', 'Passed')] });
    expect(started(ended)).to.deep.equal([]);
    expect(ended.status.suites?.map(({ state }) => state)).to.deep.equal(['Finished', 'Waiting']);
    expect(ended.stop).to.deep.equal([]);
    const resumed = plan(run({}, ended.status), 9, { reports: [report('alpha', 'Passed')] });
    expect(started(resumed)).to.deep.equal(['run-beta-1']);
    expect(conditionOf(resumed.status.conditions, 'Suspended')).to.deep.include({
      status: 'False',
      reason: 'Resumed',
    });
  });

  it('does not time out, and keeps its remaining time when resumed', () => {
    const running = plan(run({ timeoutSeconds: 10 }), 0);
    const spec = { timeoutSeconds: 10, suspend: true };
    const held = plan(run(spec, running.status), 4, { reports: [report('alpha')] });
    const muchLater = plan(run(spec, held.status), 1000, { reports: [report('alpha')] });
    expect(phase(muchLater)).to.equal('Suspended');
    const back = plan(run({ timeoutSeconds: 10 }, muchLater.status), 1000, { reports: [report('alpha')] });
    expect(back.status.suspendedSeconds).to.equal(996);
    expect(back.requeueAfterMs).to.equal(6_000);
    const over = plan(run({ timeoutSeconds: 10 }, back.status), 1006, { reports: [report('alpha')] });
    expect(conditionOf(over.status.conditions, 'Succeeded')?.reason).to.equal('TimedOut');
  });

  it('can be cancelled, and ends when its last suite ends', () => {
    const running = plan(run({}), 0, { suites: [suite('alpha')] });
    const spec = { suspend: true };
    const held = plan(run(spec, running.status), 5, { reports: [report('alpha')] });
    const done = plan(run(spec, held.status), 6, { reports: [report('alpha', 'Passed')] });
    expect(phase(done)).to.equal('Succeeded');
    const cancelled = plan(run({ ...spec, cancel: true }, held.status), 6, { reports: [report('alpha')] });
    expect(conditionOf(cancelled.status.conditions, 'Succeeded')?.reason).to.equal('Cancelled');
  });

  it('has started with its first attempt, even before its status says so', () => {
    const made = { ...report('alpha', 'Passed'), metadata: { ...report('alpha').metadata } };
    made.metadata.creationTimestamp = new Date(START + 1_000).toISOString();
    const held = plan(run({ suspend: true }), 5, { reports: [made] });
    expect(held.status.startedAt).to.equal(made.metadata.creationTimestamp);
    expect(held.status.suites?.map(({ state }) => state)).to.deep.equal(['Finished', 'Waiting']);
    const late = plan(run({ startDeadlineSeconds: 10 }), 60, { reports: [made] });
    expect(started(late)).to.deep.equal(['run-beta-1']);
  });

  it('does not count an attempt with incomplete objects as started', () => {
    const fresh = run({}, plan(run({ suspend: true }), 0).status);
    const waiting = { ...fresh, status: { ...fresh.status, startedAt: new Date(START).toISOString() } };
    // The operator died between the report and the Job; then the run was suspended.
    const held = plan({ ...waiting, spec: { environmentRef, suspend: true } }, 2, {
      reports: [report('alpha')],
    });
    const resumed = plan(run({}, held.status), 3, { reports: [report('alpha')] });
    expect(started(resumed)).to.deep.equal(['run-alpha-1']);
  });
});

describe('a cancelled run', () => {
  it('lists its suites and closes started ones, even after a crash before its first status', () => {
    const made = plan(run({ cancel: true }), 1, { reports: [report('alpha')] });
    expect(made.status.suites?.map(({ name, verdict }) => [name, verdict])).to.deep.equal([
      ['alpha', 'Interrupted'],
      ['beta', 'Interrupted'],
    ]);
    expect(made.stop.map((stop) => stop.report.metadata.name)).to.deep.equal(['run-alpha-1']);
  });

  it('ends as cancelled even if it could not start', () => {
    for (const spec of [{ grep: '(' }, { suites: { names: ['none'] } }]) {
      const made = plan(run({ cancel: true, ...spec }), 1);
      expect(conditionOf(made.status.conditions, 'Succeeded')?.reason).to.equal('Cancelled');
    }
  });
});

describe('spec.rerunFailedOf', () => {
  const lines = [
    { name: 'alpha', state: 'Finished' as const, attempt: 1, verdict: 'Passed' as const },
    { name: 'beta', state: 'Finished' as const, attempt: 1, verdict: 'Failed' as const },
    { name: 'gone', state: 'Finished' as const, attempt: 1, verdict: 'KnownIssue' as const },
  ];
  const over = (verdict: 'True' | 'False' | 'Unknown', suites: TestRunStatus['suites'] = lines) =>
    run(
      {},
      {
        suites,
        conditions: [condition('Succeeded', verdict)],
      },
      'old',
    );

  it('runs only the suites that kept that run from succeeding', () => {
    const made = plan(run({ rerunFailedOf: 'old' }), 0, { others: [over('False')] });
    expect(made.status.suites?.map(({ name }) => name)).to.deep.equal(['beta']);
    expect(started(made)).to.deep.equal(['run-beta-1']);
  });

  const refusals: [string, TestRun[], RegExp][] = [
    ['there is no such run', [], /no TestRun old in this namespace/],
    ['it has not ended', [over('Unknown')], /TestRun old has not ended/],
    ['nothing failed', [over('True', [lines[0] as (typeof lines)[0]])], /no suite of TestRun old failed/],
    ['it ran nothing', [over('False', [])], /ran no suites/],
  ];
  for (const [what, others, message] of refusals) {
    it(`is refused with a sentence when ${what}`, () => {
      const made = plan(run({ rerunFailedOf: 'old' }), 0, { others });
      const succeeded = conditionOf(made.status.conditions, 'Succeeded');
      expect(succeeded).to.deep.include({ status: 'False', reason: 'NothingToRerun' });
      expect(succeeded?.message).to.match(message);
    });
  }
});
