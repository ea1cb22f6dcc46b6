import { expect } from 'chai';
import { type Condition, conditionOf } from '../api/conditions.ts';
import { API_VERSION } from '../api/group.ts';
import type { TestEnvironment } from '../api/test-environment.ts';
import type { TestReport, TestReportStatus } from '../api/test-report.ts';
import type { TestRun, TestRunSpec, TestRunStatus } from '../api/test-run.ts';
import type { TestSuite, TestSuiteSpec } from '../api/test-suite.ts';
import type { RunPlan, RunWorld } from './draft.ts';
import { planRun } from './plan.ts';

const START = new Date('2026-01-01T00:00:00Z');
const later = (seconds: number) => new Date(START.getTime() + seconds * 1000);

function run(spec: Partial<TestRunSpec> = {}, status?: TestRunStatus, name = 'run'): TestRun {
  return {
    apiVersion: API_VERSION,
    kind: 'TestRun',
    metadata: { name, namespace: 'ns', uid: name, generation: 1, creationTimestamp: START.toISOString() },
    spec: { environmentRef: { name: 'one' }, moreEnvironmentRefs: [{ name: 'two' }], ...spec },
    ...(status ? { status } : {}),
  };
}

function suite(name: string, spec: Partial<TestSuiteSpec> = {}): TestSuite {
  return {
    apiVersion: API_VERSION,
    kind: 'TestSuite',
    metadata: { name, namespace: 'ns' },
    spec: { files: ['a'], image: 'i', ...spec },
  };
}

type State = 'ready' | 'unhealthy' | 'deploying' | 'failed';

function environment(
  name: string,
  state: State,
  disruption: 'Allowed' | 'Forbidden' = 'Allowed',
): TestEnvironment {
  const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
    ...{ type, status, reason, message: `${name} is ${state}` },
    lastTransitionTime: START.toISOString(),
  });
  const conditions: Record<State, Condition[]> = {
    ready: [condition('Deployed', 'True', 'Installed'), condition('Ready', 'True', 'AllReady')],
    unhealthy: [
      condition('Deployed', 'True', 'Installed'),
      condition('Ready', 'False', 'ComponentsNotReady'),
    ],
    deploying: [condition('Deployed', 'Unknown', 'Deploying'), condition('Ready', 'False', 'Deploying')],
    failed: [condition('Deployed', 'False', 'HelmFailed'), condition('Ready', 'False', 'HelmFailed')],
  };
  return {
    apiVersion: API_VERSION,
    kind: 'TestEnvironment',
    metadata: { name, namespace: 'ns', generation: 1 },
    spec: { chart: { name: 'c' }, disruption },
    status: { conditions: conditions[state], observedGeneration: 1, readyAt: START.toISOString() },
  };
}

/** The report of an attempt, made so many seconds after the start. */
function report(line: string, where: string, status: TestReportStatus = {}, made = 0): TestReport {
  const [name = '', attempt = '1'] = line.split('#');
  const suiteName = name.replace(/@.*/, '');
  return {
    apiVersion: API_VERSION,
    kind: 'TestReport',
    metadata: {
      name: `run-${name.replace('@', '-')}-${attempt}`,
      creationTimestamp: later(made).toISOString(),
    },
    spec: { run: 'run', suite: suiteName, attempt: Number(attempt), environment: where },
    status,
  };
}

const passed: TestReportStatus = { final: true, verdict: 'Passed', seconds: 2 };
const failed: TestReportStatus = { final: true, verdict: 'Failed' };

function world(changes: Partial<RunWorld> = {}): RunWorld {
  return {
    now: START,
    run: run(),
    environment: environment('one', 'ready'),
    moreEnvironments: [environment('two', 'ready')],
    suites: [suite('alpha'), suite('beta'), suite('gamma')],
    reports: [],
    others: [],
    ...changes,
  };
}

function next(before: RunWorld, plan: RunPlan, seconds: number, changes: Partial<RunWorld> = {}): RunWorld {
  return { ...before, run: { ...before.run, status: plan.status }, now: later(seconds), ...changes };
}

const starts = (plan: RunPlan) => plan.start.map(({ name, environment: where }) => `${name} in ${where}`);
const outcome = (plan: RunPlan) => conditionOf(plan.status.conditions, 'Succeeded');
const readiness = (plan: RunPlan) => conditionOf(plan.status.conditions, 'EnvironmentReady');
const lines = (plan: RunPlan) =>
  plan.status.suites?.map(({ name, state, environment: where, verdict, reason }) =>
    [name, verdict ?? state, where ?? '', reason ?? ''].join(' ').trimEnd(),
  );

describe('a run over two environments', () => {
  it('starts each suite in the first one that has room, and says where', () => {
    const plan = planRun(world());
    expect(starts(plan)).to.deep.equal(['run-alpha-1 in one', 'run-beta-1 in two']);
    expect(lines(plan)).to.deep.equal(['alpha Running one', 'beta Running two', 'gamma Waiting']);
    expect(outcome(plan)?.message).to.include('running: alpha in one, beta in two');
  });

  it('breaks nothing while one of them is being deployed, which takes the cores', () => {
    const suites = [suite('breaking', { disruptive: true, claims: [] }), suite('plain')];
    const coming = world({ suites, moreEnvironments: [environment('two', 'deploying')] });
    const first = planRun(coming);
    expect(starts(first)).to.deep.equal(['run-plain-1 in one']);
    const ready = { moreEnvironments: [environment('two', 'ready')], reports: [report('plain', 'one')] };
    expect(starts(planRun(next(coming, first, 60, ready)))).to.deep.equal(['run-breaking-1 in two']);
  });

  it('counts parallelism in each', () => {
    const suites = ['a', 'b', 'c', 'd', 'e'].map((name) => suite(name));
    const plan = planRun(world({ suites, run: run({ parallelism: 2 }) }));
    expect(starts(plan)).to.deep.equal([
      'run-a-1 in one',
      'run-b-1 in one',
      'run-c-1 in two',
      'run-d-1 in two',
    ]);
  });

  it('lets suites that would hinder each other run side by side in different ones', () => {
    const suites = [
      suite('alpha', { exclusive: true }),
      suite('beta', { exclusive: true }),
      suite('gamma', { claims: ['manager'], needs: ['manager'] }),
    ];
    const seen = world({ suites, run: run({ parallelism: 3 }) });
    const first = planRun(seen);
    expect(starts(first)).to.deep.equal(['run-alpha-1 in one', 'run-beta-1 in two']);
    const reports = [report('alpha', 'one', passed), report('beta', 'two')];
    expect(starts(planRun(next(seen, first, 5, { reports })))).to.deep.equal(['run-gamma-1 in one']);
  });

  it('runs a retry where the first attempt was, though there is room elsewhere', () => {
    const seen = world({ suites: [suite('alpha', { retries: 1 }), suite('beta')] });
    const first = planRun(seen);
    // Its place is taken, and the other environment is free.
    const broken = { moreEnvironments: [environment('two', 'unhealthy')] };
    const reports = [report('alpha', 'one', passed), report('beta', 'two', failed)];
    const seenToo = { ...next(seen, first, 5, { reports, ...broken }) };
    seenToo.suites = [suite('alpha'), suite('beta', { retries: 1 })];
    const waiting = planRun(seenToo);
    expect(starts(waiting)).to.deep.equal([]);
    expect(lines(waiting)).to.deep.equal(['alpha Passed one', 'beta Running two']);
    const back = next(seenToo, waiting, 6, { moreEnvironments: [environment('two', 'ready')] });
    expect(starts(planRun(back))).to.deep.equal(['run-beta-2 in two']);
  });

  it('breaks things only where that is allowed', () => {
    const suites = [suite('alpha', { disruptive: true }), suite('beta')];
    const gentle = world({ suites, environment: environment('one', 'ready', 'Forbidden') });
    expect(starts(planRun(gentle))).to.deep.equal(['run-beta-1 in one', 'run-alpha-1 in two']);
    const nowhere = { ...gentle, moreEnvironments: [environment('two', 'ready', 'Forbidden')] };
    const plan = planRun(nowhere);
    expect(lines(plan)?.[0]).to.equal('alpha Skipped  DisruptionForbidden');
    expect(plan.status.suites?.[0]?.message).to.include('one and two forbid disruption');
  });

  it('gives the same plan for the same world', () => {
    const seen = world({ run: run({ parallelism: 2 }), reports: [report('beta', 'two')] });
    expect(planRun(seen)).to.deep.equal(planRun(structuredClone(seen)));
  });

  describe('after a crash between the creation of an attempt and the status', () => {
    it('takes the environment of the report that exists', () => {
      // It was chosen while the first one was not ready; now both are.
      const reports = [report('alpha', 'two')];
      const plan = planRun(world({ reports }));
      expect(starts(plan)).to.deep.equal(['run-beta-1 in one', 'run-alpha-1 in two']);
    });

    it('completes what was begun before it chooses anything else for that place', () => {
      const reports = [report('beta', 'one'), report('gamma', 'two')];
      const plan = planRun(world({ reports }));
      expect(starts(plan)).to.deep.equal(['run-beta-1 in one', 'run-gamma-1 in two']);
      expect(lines(plan)).to.deep.equal(['alpha Waiting', 'beta Running one', 'gamma Running two']);
    });

    it('ends in the same way when the attempt ended meanwhile', () => {
      const plan = planRun(world({ suites: [suite('alpha')], reports: [report('alpha', 'two', passed)] }));
      expect(lines(plan)).to.deep.equal(['alpha Passed two']);
    });
  });

  describe('suites that are last', () => {
    const suites = [suite('alpha'), suite('beta'), suite('audit', { last: true })];
    const asked = { suites: { names: ['audit', 'alpha', 'beta'] } };

    it('run in each environment, side by side, when no other suite is due or runs anywhere', () => {
      const seen = world({ suites, run: run(asked) });
      const first = planRun(seen);
      expect(starts(first)).to.deep.equal(['run-alpha-1 in one', 'run-beta-1 in two']);
      expect(first.status.suites?.slice(0, 2)).to.deep.equal([
        { name: 'audit', environment: 'one', state: 'Waiting', attempt: 0 },
        { name: 'audit-two', suite: 'audit', environment: 'two', state: 'Waiting', attempt: 0 },
      ]);
      const half = [report('alpha', 'one', passed), report('beta', 'two')];
      const second = planRun(next(seen, first, 5, { reports: half }));
      expect(starts(second)).to.deep.equal([]);
      const reports = [report('alpha', 'one', passed, 1), report('beta', 'two', passed, 3)];
      const third = planRun(next(seen, second, 9, { reports }));
      expect(starts(third)).to.deep.equal(['run-audit-1 in one', 'run-audit-two-1 in two']);
      const since = third.start.map((start) => start.since);
      expect(since).to.deep.equal([later(1).toISOString(), later(3).toISOString()]);
      const audits = [...reports, report('audit', 'one', passed), report('audit@two', 'two', failed)];
      const last = planRun(next(seen, third, 20, { reports: audits }));
      expect(lines(last)?.slice(0, 2)).to.deep.equal(['audit Passed one', 'audit-two Failed two']);
      expect(outcome(last)?.message).to.equal('audit-two: Failed');
    });

    it('have lines that no suite has as its name', () => {
      const named = [...suites, suite('audit-two')];
      const plan = planRun(world({ suites: named, run: run({ suites: { names: ['audit', 'audit-two'] } }) }));
      expect(plan.status.suites?.map(({ name }) => name)).to.deep.equal([
        'audit',
        'audit-two-2',
        'audit-two',
      ]);
    });

    it('are no more than a run takes', () => {
      const many = Array.from({ length: 101 }, (_, index) => suite(`s${index}`, { last: true }));
      expect(outcome(planRun(world({ suites: many })))).to.deep.include({ reason: 'TooManySuites' });
    });
  });

  describe('that are not both ready', () => {
    const half = (second: State, first: State = 'ready') => ({
      environment: environment('one', first),
      moreEnvironments: [environment('two', second)],
    });
    const patient = run({ environmentTimeoutSeconds: 60 });

    it('begins in the one that is, while the other is deployed', () => {
      const plan = planRun(world(half('ready', 'deploying')));
      expect(starts(plan)).to.deep.equal(['run-alpha-1 in two']);
      expect(readiness(plan)).to.deep.include({ status: 'Unknown', message: 'one: one is deploying' });
      const both = planRun(next(world(), plan, 5, { reports: [report('alpha', 'two')] }));
      expect(starts(both)).to.deep.equal(['run-beta-1 in one']);
      expect(readiness(both)).to.deep.include({ status: 'True', message: 'ready: one, two' });
    });

    it('gives up one that stays unhealthy, goes on in the other, and is no success', () => {
      const seen = world({ ...half('unhealthy'), run: patient });
      const first = planRun(seen);
      expect(starts(first)).to.deep.equal(['run-alpha-1 in one']);
      expect(first.requeueAfterMs).to.equal(60_000);
      const before = planRun(next(seen, first, 59, { reports: [report('alpha', 'one', passed)] }));
      expect(starts(before)).to.deep.equal(['run-beta-1 in one']);
      const reports = [report('alpha', 'one', passed), report('beta', 'one')];
      const over = planRun(next(seen, before, 60, { reports }));
      expect(lines(over)).to.deep.equal(['alpha Passed one', 'beta Running one', 'gamma Waiting']);
      expect(over.status.environments?.map(({ state }) => state)).to.deep.equal(['Ready', 'GivenUp']);
      const more = [report('alpha', 'one', passed), report('beta', 'one', passed)];
      const third = planRun(next(seen, over, 61, { reports: more, ...half('ready') }));
      expect(starts(third)).to.deep.equal(['run-gamma-1 in one']);
      const all = [...more, report('gamma', 'one', passed)];
      const end = planRun(next(seen, third, 70, { reports: all }));
      expect(outcome(end)).to.deep.include({ status: 'False', reason: 'EnvironmentNotReady' });
      expect(outcome(end)?.message).to.equal('two: not healthy within 60 s: two is unhealthy');
      expect(end.status.verdict).to.equal('Failed');
      expect(readiness(end)).to.deep.include({ status: 'False', reason: 'EnvironmentNotReady' });
      expect(readiness(end)?.message).to.include('two: not healthy');
    });

    it('gives the other all of its time again when it was well in between', () => {
      const seen = world({ ...half('unhealthy'), run: patient });
      const reports = [report('alpha', 'one')];
      const well = planRun(next(seen, planRun(seen), 50, { reports, ...half('ready') }));
      expect(starts(well)).to.deep.equal(['run-beta-1 in two']);
      const busy = [report('alpha', 'one'), report('beta', 'two', passed)];
      const again = planRun(next(seen, well, 100, { reports: busy }));
      expect(again.requeueAfterMs).to.equal(60_000);
    });

    it('fails what is left when none is well in time', () => {
      const seen = world({ ...half('unhealthy', 'unhealthy'), run: patient });
      const end = planRun(next(seen, planRun(seen), 60));
      expect(lines(end)?.[0]).to.equal('alpha Failed  EnvironmentNotReady');
      expect(end.status.suites?.[0]?.message).to.equal('one is unhealthy; two is unhealthy');
      expect(outcome(end)).to.deep.include({ reason: 'EnvironmentNotReady' });
    });

    it('does not count against one what a suite breaks in it, and counts it against the other', () => {
      const suites = [suite('alpha', { disruptive: true }), suite('beta'), suite('gamma')];
      const seen = world({ suites, run: patient });
      const first = planRun(seen);
      const reports = [report('alpha', 'one'), report('beta', 'two', passed)];
      const broken = { reports, ...half('unhealthy', 'unhealthy') };
      const second = planRun(next(seen, first, 100, broken));
      const third = planRun(next(seen, second, 160, broken));
      expect(third.status.environments?.map(({ state }) => state)).to.deep.equal(['Ready', 'GivenUp']);
    });

    it('ends when one cannot be deployed, or does not exist', () => {
      const end = planRun(world(half('failed')));
      expect(outcome(end)).to.deep.include({
        reason: 'EnvironmentFailed',
        message: 'two: two is failed',
      });
      expect(lines(end)?.[0]).to.equal('alpha Interrupted  EnvironmentFailed');
      const alone = world({ moreEnvironments: [] });
      const first = planRun(alone);
      expect(starts(first)).to.deep.equal(['run-alpha-1 in one']);
      const reports = [report('alpha', 'one')];
      expect(outcome(planRun(next(alone, first, 9, { reports })))?.status).to.equal('Unknown');
      const lost = planRun(next(alone, first, 10, { reports }));
      expect(outcome(lost)).to.deep.include({ status: 'False', reason: 'EnvironmentNotFound' });
      expect(outcome(lost)?.message).to.include('there is no TestEnvironment two');
    });

    it('starts the clock anew when it was suspended', () => {
      const seen = world({ ...half('unhealthy', 'unhealthy'), run: patient });
      const first = planRun(seen);
      const spec = { environmentTimeoutSeconds: 60, suspend: true };
      const held = planRun({ ...seen, run: run(spec, first.status), now: later(30) });
      const resumed = planRun(next(seen, held, 80));
      expect(resumed.requeueAfterMs).to.equal(60_000);
    });
  });

  describe('in the queue', () => {
    const other = (spec: Partial<TestRunSpec>, name = 'aaa') => run(spec, undefined, name);

    it('waits behind an earlier run that shares any of them, and not behind others', () => {
      const only = (name: string) => other({ environmentRef: { name }, moreEnvironmentRefs: [] });
      expect(planRun(world({ others: [only('two')] })).status.phase).to.equal('Queued');
      expect(planRun(world({ others: [only('three')] })).status.phase).to.equal('Running');
      const both = { environmentRef: { name: 'three' }, moreEnvironmentRefs: [{ name: 'one' }] };
      expect(planRun(world({ others: [other(both)] })).status.phase).to.equal('Queued');
    });
  });

  it('can be run again where it failed: each suite once, in whatever line it failed', () => {
    const suites = [suite('alpha'), suite('audit', { last: true })];
    const place = (name: string, where: string, verdict: 'Passed' | 'Failed') => ({
      ...{ name, state: 'Finished' as const, attempt: 1, verdict, environment: where },
    });
    const old = run(
      {},
      {
        suites: [
          place('alpha', 'one', 'Passed'),
          place('audit', 'one', 'Failed'),
          { ...place('audit-two', 'two', 'Failed'), suite: 'audit' },
        ],
        conditions: [
          { type: 'Succeeded', status: 'False', reason: 'x', message: 'x', lastTransitionTime: '' },
        ],
      },
      'old',
    );
    const plan = planRun(world({ suites, run: run({ rerunFailedOf: 'old' }), others: [old] }));
    expect(lines(plan)).to.deep.equal(['audit Running one', 'audit-two Running two']);
  });
});
