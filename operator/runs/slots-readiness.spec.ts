import { expect } from 'chai';
import { planRun } from './plan.ts';
import { later, next, passed, suite } from './plan-fixtures.ts';
import {
  environment,
  lines,
  outcome,
  readiness,
  report,
  run,
  type State,
  starts,
  world,
} from './slot-fixtures.ts';

describe('a run over two environments', () => {
  describe('that are not both ready', () => {
    const half = (second: State, first: State = 'ready') => ({
      environment: environment('one', first),
      moreEnvironments: [environment('two', second)],
    });
    const patient = run({ environmentTimeoutSeconds: 60 });

    it('starts in the ready one while the other is deployed', () => {
      const plan = planRun(world(half('ready', 'deploying')));
      expect(starts(plan)).to.deep.equal(['run-alpha-1 in two']);
      expect(readiness(plan)).to.deep.include({ status: 'Unknown', message: 'one: one is deploying' });
      const both = planRun(next(world(), plan, 5, { reports: [report('alpha', 'two')] }));
      expect(starts(both)).to.deep.equal(['run-beta-1 in one']);
      expect(readiness(both)).to.deep.include({ status: 'True', message: 'ready: one, two' });
    });

    it('gives up one that stays unhealthy, continues in the other, and fails', () => {
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

    it('restarts the time of one that was healthy in between', () => {
      const seen = world({ ...half('unhealthy'), run: patient });
      const reports = [report('alpha', 'one')];
      const well = planRun(next(seen, planRun(seen), 50, { reports, ...half('ready') }));
      expect(starts(well)).to.deep.equal(['run-beta-1 in two']);
      const busy = [report('alpha', 'one'), report('beta', 'two', passed)];
      const again = planRun(next(seen, well, 100, { reports: busy }));
      expect(again.requeueAfterMs).to.equal(60_000);
    });

    it('fails the remaining suites when none is healthy in time', () => {
      const seen = world({ ...half('unhealthy', 'unhealthy'), run: patient });
      const end = planRun(next(seen, planRun(seen), 60));
      expect(lines(end)?.[0]).to.equal('alpha Failed  EnvironmentNotReady');
      expect(end.status.suites?.[0]?.message).to.equal('one is unhealthy; two is unhealthy');
      expect(outcome(end)).to.deep.include({ reason: 'EnvironmentNotReady' });
    });

    it('ignores what a suite breaks in its own environment only', () => {
      const suites = [suite('alpha', { disruptive: true }), suite('beta'), suite('gamma')];
      const seen = world({ suites, run: patient });
      const first = planRun(seen);
      const reports = [report('alpha', 'one'), report('beta', 'two', passed)];
      const broken = { reports, ...half('unhealthy', 'unhealthy') };
      const second = planRun(next(seen, first, 100, broken));
      const third = planRun(next(seen, second, 160, broken));
      expect(third.status.environments?.map(({ state }) => state)).to.deep.equal(['Ready', 'GivenUp']);
    });

    it('ends when one cannot be deployed or does not exist', () => {
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

    it('restarts the clock after a suspension', () => {
      const seen = world({ ...half('unhealthy', 'unhealthy'), run: patient });
      const first = planRun(seen);
      const spec = { environmentTimeoutSeconds: 60, suspend: true };
      const held = planRun({ ...seen, run: run(spec, first.status), now: later(30) });
      const resumed = planRun(next(seen, held, 80));
      expect(resumed.requeueAfterMs).to.equal(60_000);
    });
  });
});
