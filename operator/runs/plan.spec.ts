import { conditionOf } from '@backendai-e2e/api/conditions';
import { condition } from '@backendai-e2e/api/object-fixtures';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRunSpec, TestRunStatus } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { planRun } from './plan.ts';
import {
  environment,
  failed,
  later,
  next,
  outcome,
  passed,
  READY,
  report,
  run,
  START,
  starts,
  suite,
  verdicts,
  world,
} from './plan-fixtures.ts';

describe('planRun', () => {
  it('takes a run up: first suite at once, the whole line-up in the status', () => {
    const plan = planRun(world());
    expect(starts(plan)).to.deep.equal(['run-alpha-1']);
    expect(plan.status.startedAt).to.equal(START.toISOString());
    expect(plan.status.suites).to.deep.equal([
      { name: 'alpha', state: 'Running', attempt: 1, report: 'run-alpha-1' },
      { name: 'beta', state: 'Waiting', attempt: 0 },
    ]);
    expect(outcome(plan)).to.deep.equal(['Unknown', 'Running']);
    expect(plan.requeueAfterMs).to.equal(7_200_000);
  });

  it('gives the same plan for the same inputs', () => {
    const seen = world({ run: run({ parallelism: 2 }) });
    expect(planRun(seen)).to.deep.equal(planRun(structuredClone(seen)));
  });

  it('starts again what a crash left half started: the report is there, its line does not say Running', () => {
    const plan = planRun(world({ reports: [report('alpha', 1)] }));
    expect(starts(plan)).to.deep.equal(['run-alpha-1']);
  });

  it('starts nothing again that its line says runs', () => {
    const first = planRun(world());
    const plan = planRun(next(world(), first, 1, { reports: [report('alpha', 1)] }));
    expect(starts(plan)).to.deep.equal([]);
  });

  it('keeps the suites that it was started with when others come or go', () => {
    const first = planRun(world());
    const suites = [suite('alpha'), suite('gamma')];
    const plan = planRun(next(world(), first, 1, { suites, reports: [report('alpha', 1, passed)] }));
    expect(verdicts(plan)).to.deep.equal([
      ['alpha', 'Passed', ''],
      ['beta', 'Interrupted', 'SuiteGone'],
    ]);
    expect(outcome(plan)).to.deep.equal(['False', 'SuitesFailed']);
  });

  it('counts retries of the run over those of the suite', () => {
    const spec = { suites: { names: ['alpha'] }, retryPolicy: { retries: 0 } };
    const seen = world({ run: run(spec), suites: [suite('alpha', { retries: 3 })] });
    const plan = planRun(next(seen, planRun(seen), 1, { reports: [report('alpha', 1, failed)] }));
    expect(verdicts(plan)).to.deep.equal([['alpha', 'Failed', 'TestsFailed']]);
  });

  it('keeps a failure whose retry the environment has come to forbid', () => {
    const spec = { suites: { names: ['alpha', 'beta'] }, retryPolicy: { retries: 1 } };
    const seen = world({
      run: run(spec),
      suites: [suite('alpha', { disruptive: true }), suite('beta')],
    });
    const forbidding = { ...environment(READY), spec: { chart: { name: 'c' } } };
    const reports = [report('alpha', 1, failed)];
    const forbidden = next(seen, planRun(seen), 1, { reports, environment: forbidding });
    const plan = planRun(forbidden);
    expect(verdicts(plan)?.[0]).to.deep.equal(['alpha', 'Failed', 'TestsFailed']);
    const end = planRun(next(forbidden, plan, 2, { reports: [...reports, report('beta', 1, passed)] }));
    expect(outcome(end)).to.deep.equal(['False', 'SuitesFailed']);
  });

  it('keeps a failure whose retry failFast cancels', () => {
    const spec = { failFast: true, parallelism: 2, retryPolicy: { retries: 1 } };
    const noTests: TestReportStatus = { final: true, verdict: 'NoTests' };
    const seen = world({ run: run(spec) });
    const reports = [report('alpha', 1, failed), report('beta', 1, noTests)];
    const plan = planRun(next(seen, planRun(seen), 1, { reports }));
    expect(verdicts(plan)?.[0]).to.deep.equal(['alpha', 'Failed', 'TestsFailed']);
  });

  it('does not succeed as a rerun that skips what had failed', () => {
    const before = run(
      {},
      {
        conditions: [condition('Succeeded', 'False', 'SuitesFailed')],
        suites: ['alpha', 'beta'].map((name) => ({
          name,
          state: 'Finished' as const,
          attempt: 1,
          verdict: 'Failed' as const,
        })),
      },
      'before',
    );
    const seen = world({ run: run({ rerunFailedOf: 'before', parallelism: 2 }), others: [before] });
    const skipped: TestReportStatus = { final: true, verdict: 'Skipped', reason: 'AllSkipped' };
    const reports = [report('alpha', 1, passed), report('beta', 1, skipped)];
    const plan = planRun(next(seen, planRun(seen), 1, { reports }));
    expect(outcome(plan)).to.deep.equal(['False', 'SuitesFailed']);
    expect(plan.status.verdict).to.equal('Failed');
  });

  it('does not repeat a suite without tests: it is an error, and stays one', () => {
    const seen = world({ run: run({ suites: { names: ['alpha'] }, retryPolicy: { retries: 2 } }) });
    const noTests: TestReportStatus = { final: true, verdict: 'NoTests' };
    const plan = planRun(next(seen, planRun(seen), 1, { reports: [report('alpha', 1, noTests)] }));
    expect(outcome(plan)).to.deep.equal(['False', 'SuitesFailed']);
    expect(plan.status.verdict).to.equal('NoTests');
  });

  it('does not succeed when nothing ran', () => {
    const forbidding = { ...environment(READY), spec: { chart: { name: 'c' } } };
    const seen = world({ suites: [suite('alpha', { disruptive: true })], environment: forbidding });
    const plan = planRun(seen);
    expect(verdicts(plan)).to.deep.equal([['alpha', 'Skipped', 'DisruptionForbidden']]);
    expect(outcome(plan)[0]).to.equal('False');
  });

  describe('a deadline for the start', () => {
    const spec = { startDeadlineSeconds: 300 };

    it('ends a run that an operator sees too late, without starting anything', () => {
      const plan = planRun(world({ run: run(spec), now: later(301) }));
      expect(plan.start).to.deep.equal([]);
      expect(conditionOf(plan.status.conditions, 'Succeeded')).to.deep.include({
        status: 'False',
        reason: 'MissedStart',
      });
    });

    it('is looked at when it is due while the run waits for others', () => {
      const ahead = run({}, { startedAt: START.toISOString() }, 'ahead');
      const plan = planRun(world({ run: run(spec), others: [ahead], now: later(100) }));
      expect(plan.status.phase).to.equal('Queued');
      expect(plan.requeueAfterMs).to.equal(200_000);
    });

    it('does not touch a run that has started', () => {
      const started = run(spec, { startedAt: START.toISOString() });
      expect(planRun(world({ run: started, now: later(301) })).status.phase).not.to.equal('Failed');
    });
  });

  describe('queue', () => {
    const earlier = (status?: TestRunStatus) => ({
      ...run({}, status, 'other'),
      metadata: { ...run({}, status, 'other').metadata, creationTimestamp: '2025-12-31T23:59:59Z' },
    });
    const ended: TestRunStatus = { conditions: [condition('Succeeded', 'False', 'SuitesFailed')] };

    it('waits behind an earlier run and starts nothing', () => {
      const plan = planRun(world({ others: [earlier()] }));
      expect(plan.status.phase).to.equal('Queued');
      expect(starts(plan)).to.deep.equal([]);
      expect(plan.status.startedAt).to.equal(undefined);
    });

    it('goes by name within the same second', () => {
      expect(planRun(world({ others: [run({}, undefined, 'aaa')] })).status.phase).to.equal('Queued');
      expect(planRun(world({ others: [run({}, undefined, 'zzz')] })).status.phase).to.equal('Running');
    });

    it('waits behind a later one that has started', () => {
      const started = run({}, { startedAt: START.toISOString() }, 'zzz');
      expect(planRun(world({ others: [started] })).status.phase).to.equal('Queued');
    });

    it('is not held by runs that ended, that go, or of other environments', () => {
      const going = { ...earlier(), metadata: { ...earlier().metadata, deletionTimestamp: 'now' } };
      const elsewhere = { ...earlier(), spec: { environmentRef: { name: 'elsewhere' } } };
      expect(planRun(world({ others: [earlier(ended), going, elsewhere] })).status.phase).to.equal('Running');
    });

    it('can be cancelled while it waits', () => {
      const plan = planRun(world({ run: run({ cancel: true }), others: [earlier()] }));
      expect(outcome(plan)).to.deep.equal(['False', 'Cancelled']);
    });
  });

  describe('the end', () => {
    it('shows in one condition, whatever the verdict: kubectl waits for it', () => {
      const seen = world({ run: run({ timeoutSeconds: 10 }) });
      const running = planRun(seen);
      expect(conditionOf(running.status.conditions, 'Finished')).to.equal(undefined);
      const late = planRun(next(seen, running, 10, { reports: [report('alpha', 1)] }));
      expect(conditionOf(late.status.conditions, 'Finished')).to.deep.include({
        status: 'True',
        message: 'the run has its verdict: Interrupted',
      });
    });

    it('by time stops what runs and says so', () => {
      const seen = world({ run: run({ timeoutSeconds: 10 }) });
      const plan = planRun(next(seen, planRun(seen), 10, { reports: [report('alpha', 1)] }));
      expect(outcome(plan)).to.deep.equal(['False', 'TimedOut']);
      expect(plan.stop.map(({ report: { metadata } }) => metadata.name)).to.deep.equal(['run-alpha-1']);
      expect(plan.status.suites?.[0]?.message).to.equal('the run took longer than 10 s');
    });

    it('by cancelling keeps a failure that a retry was to follow', () => {
      const seen = world({ run: run({ retryPolicy: { retries: 1 } }) });
      const running = planRun(seen);
      const cancelled = { ...running.status };
      const plan = planRun({
        ...seen,
        run: run({ retryPolicy: { retries: 1 }, cancel: true }, cancelled),
        reports: [report('alpha', 1, failed)],
      });
      expect(verdicts(plan)?.[0]).to.deep.equal(['alpha', 'Failed', 'TestsFailed']);
    });

    it('is final: later reports and a cancellation change nothing', () => {
      const seen = world({ run: run({ suites: { names: ['alpha'] } }) });
      const done = planRun(next(seen, planRun(seen), 5, { reports: [report('alpha', 1, passed)] }));
      expect(outcome(done)).to.deep.equal(['True', 'AllPassed']);
      const finished = run({ suites: { names: ['alpha'] }, cancel: true }, done.status);
      const plan = planRun({
        ...seen,
        run: finished,
        now: later(9000),
        reports: [report('alpha', 1, failed)],
      });
      expect(plan.status).to.equal(finished.status);
      expect(plan.remove).to.equal(false);
    });

    const ttl: [string, Partial<TestRunSpec>, 'True' | 'False', boolean][] = [
      ['a success goes', { ttlSecondsAfterFinished: 60 }, 'True', true],
      ['a failure stays', { ttlSecondsAfterFinished: 60 }, 'False', false],
      [
        'a failure goes where keepFailed is off',
        { ttlSecondsAfterFinished: 60, keepFailed: false },
        'False',
        true,
      ],
      ['nothing goes without a time to live', {}, 'True', false],
    ];
    for (const [title, spec, status, remove] of ttl) {
      it(`after its time to live: ${title}`, () => {
        const conditions = [condition('Succeeded', status, 'x')];
        const finished = run(spec, { conditions, finishedAt: START.toISOString() });
        expect(planRun(world({ run: finished, now: later(59) })).remove).to.equal(false);
        expect(planRun(world({ run: finished, now: later(60) })).remove).to.equal(remove);
      });
    }
  });

  it('keeps the status of a run of 200 failed suites within its budget', () => {
    const suites = Array.from({ length: 200 }, (_, index) => suite(`${'s'.repeat(44)}${index}`));
    const seen = world({ suites, run: run({ parallelism: 50 }) });
    const message = 'x'.repeat(4000);
    const reports = suites.map(({ metadata }) =>
      report(metadata.name, 1, {
        ...failed,
        message,
        counts: { total: 500, passed: 1, failed: 499, pending: 0, interrupted: 0 },
      }),
    );
    const lines = suites.map(({ metadata }) => ({
      name: metadata.name,
      state: 'Running' as const,
      attempt: 1,
    }));
    const running = run({}, { startedAt: START.toISOString(), suites: lines });
    const plan = planRun({ ...seen, run: running, reports });
    expect(outcome(plan)).to.deep.equal(['False', 'SuitesFailed']);
    expect(Buffer.byteLength(JSON.stringify(plan.status))).to.be.at.most(32 * 1024);
    expect(plan.status.suites?.every((line) => line.verdict === 'Failed')).to.equal(true);
  });
});
