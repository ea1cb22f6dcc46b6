import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRunSpec } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { planRun } from './plan.ts';
import { later, next, passed, suite } from './plan-fixtures.ts';
import { environment, failed, lines, outcome, report, run, starts, world } from './slot-fixtures.ts';

describe('a run over two environments', () => {
  it('starts each suite in the first one with room, and records it', () => {
    const plan = planRun(world());
    expect(starts(plan)).to.deep.equal(['run-alpha-1 in one', 'run-beta-1 in two']);
    expect(lines(plan)).to.deep.equal(['alpha Running one', 'beta Running two', 'gamma Waiting']);
    expect(outcome(plan)?.message).to.include('running: alpha in one, beta in two');
  });

  it('starts no disruptive suite while one is being deployed', () => {
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

  it('runs conflicting suites side by side in different ones', () => {
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

  it('retries where the first attempt ran, even with room elsewhere', () => {
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

  it('runs disruptive suites only where that is allowed', () => {
    const suites = [suite('alpha', { disruptive: true }), suite('beta')];
    const gentle = world({ suites, environment: environment('one', 'ready', 'Forbidden') });
    expect(starts(planRun(gentle))).to.deep.equal(['run-beta-1 in one', 'run-alpha-1 in two']);
    const nowhere = { ...gentle, moreEnvironments: [environment('two', 'ready', 'Forbidden')] };
    const plan = planRun(nowhere);
    expect(lines(plan)?.[0]).to.equal('alpha Skipped  DisruptionForbidden');
    expect(plan.status.suites?.[0]?.message).to.include('one and two forbid disruption');
  });

  it('runs invasive suites only where that is allowed', () => {
    const shared = (name: string) => {
      const { spec: _own, ...rest } = environment(name, 'ready');
      return { ...rest, spec: { external: {} } };
    };
    const suites = [suite('alpha', { invasive: true }), suite('beta')];
    const one = world({ suites, environment: shared('one') });
    expect(starts(planRun(one))).to.deep.equal(['run-beta-1 in one', 'run-alpha-1 in two']);
    const plan = planRun({ ...one, moreEnvironments: [shared('two')] });
    expect(lines(plan)?.[0]).to.equal('alpha Skipped  InvasiveSuitesForbidden');
    expect(plan.status.suites?.[0]?.message).to.include('one and two forbid invasive suites');
    expect(plan.status.suites?.[0]?.message).to.include('set spec.invasiveSuites to Allowed');
  });

  it('gives the same plan for the same inputs', () => {
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

    it('completes a started attempt before it starts another there', () => {
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

    it('learn which changes earlier attempts noted in their environment and no Job undid', () => {
      const seen = world({ suites, run: run(asked) });
      const undone = (status: 'True' | 'False') => [
        { type: 'Undone', status, reason: 'x', message: '', lastTransitionTime: '' },
      ];
      const noted = (subject: string): TestReportStatus => ({
        ...failed,
        changes: [{ undo: 'ScheduleAgent', subject }],
      });
      const reports = [
        report('alpha', 'one', { ...noted('i-1'), conditions: undone('False') }),
        report('beta', 'two', { ...noted('i-2'), conditions: undone('True') }),
      ];
      const plan = planRun(next(seen, planRun(seen), 9, { reports }));
      expect(plan.start.map(({ name, changes }) => ({ name, changes }))).to.deep.equal([
        { name: 'run-audit-1', changes: [{ undo: 'ScheduleAgent', subject: 'i-1' }] },
        { name: 'run-audit-two-1', changes: [] },
      ]);
    });

    it('have lines with unique names', () => {
      const named = [...suites, suite('audit-two')];
      const plan = planRun(world({ suites: named, run: run({ suites: { names: ['audit', 'audit-two'] } }) }));
      expect(plan.status.suites?.map(({ name }) => name)).to.deep.equal([
        'audit',
        'audit-two-2',
        'audit-two',
      ]);
    });

    it('are limited by the size of a run', () => {
      const many = Array.from({ length: 101 }, (_, index) => suite(`s${index}`, { last: true }));
      expect(outcome(planRun(world({ suites: many })))).to.deep.include({ reason: 'TooManySuites' });
    });
  });

  describe('in the queue', () => {
    const other = (spec: Partial<TestRunSpec>, name = 'aaa') => run(spec, undefined, name);

    it('waits only for earlier runs that share one of them', () => {
      const only = (name: string) => other({ environmentRef: { name }, moreEnvironmentRefs: [] });
      expect(planRun(world({ others: [only('two')] })).status.phase).to.equal('Queued');
      expect(planRun(world({ others: [only('three')] })).status.phase).to.equal('Running');
      const both = { environmentRef: { name: 'three' }, moreEnvironmentRefs: [{ name: 'one' }] };
      expect(planRun(world({ others: [other(both)] })).status.phase).to.equal('Queued');
    });
  });

  it('reruns each failed suite once, whichever line failed', () => {
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
