import { conditionOf } from '@backendai-e2e/api/conditions';
import { condition } from '@backendai-e2e/api/object-fixtures';
import type { ComponentStatus } from '@backendai-e2e/api/test-environment';
import { expect } from 'chai';
import { planRun } from './plan.ts';
import {
  environment,
  next,
  outcome,
  passed,
  READY,
  report,
  run,
  starts,
  suite,
  UNREADY,
  verdicts,
  world,
} from './plan-fixtures.ts';

describe('planRun', () => {
  describe('environment', () => {
    const deploying = environment(
      [condition('Deployed', 'Unknown', 'Deploying', 'helm works'), condition('Ready', 'False', 'Deploying')],
      {},
    );

    it('is waited for while it is deployed, as long as its own deadline gives', () => {
      const plan = planRun(world({ environment: deploying }));
      expect(plan.status.phase).to.equal('WaitingForEnvironment');
      const still = planRun(next(world({ environment: deploying }), plan, 600));
      expect(still.status.phase).to.equal('WaitingForEnvironment');
      expect(conditionOf(still.status.conditions, 'EnvironmentReady')).to.deep.include({
        status: 'Unknown',
        message: 'helm works',
      });
      expect(conditionOf(still.status.conditions, 'Succeeded')?.message).to.equal(
        '0 of 2 suites ended; waits for its environment: helm works',
      );
    });

    it('that was healthy once has environmentTimeoutSeconds, from when it was found unhealthy', () => {
      const seen = world({ environment: environment(UNREADY), run: run({ environmentTimeoutSeconds: 60 }) });
      const first = planRun(seen);
      expect(first.requeueAfterMs).to.equal(60_000);
      const waiting = planRun(next(seen, first, 59));
      expect(waiting.status.phase).to.equal('WaitingForEnvironment');
      const over = planRun(next(seen, waiting, 60));
      expect(verdicts(over)).to.deep.equal([
        ['alpha', 'Failed', 'EnvironmentNotReady'],
        ['beta', 'Failed', 'EnvironmentNotReady'],
      ]);
      expect(outcome(over)).to.deep.equal(['False', 'EnvironmentNotReady']);
      expect(conditionOf(over.status.conditions, 'Succeeded')?.message).to.include('manager: 0 of 2');
    });

    it('that recovers in time is used again, and the clock restarts', () => {
      const seen = world({ environment: environment(UNREADY), run: run({ environmentTimeoutSeconds: 60 }) });
      const recovered = planRun(next(seen, planRun(seen), 50, { environment: environment(READY) }));
      expect(starts(recovered)).to.deep.equal(['run-alpha-1']);
      const reports = [report('alpha', 1, passed)];
      const again = planRun(next(seen, recovered, 100, { environment: environment(UNREADY), reports }));
      expect(again.requeueAfterMs).to.equal(60_000);
    });

    it('is not waited for by a suite whose needs are ready', () => {
      const components: ComponentStatus[] = [
        { name: 'manager', workload: 'Deployment/manager', ready: 0, desired: 2, restarts: 0 },
        { name: 'storage', workload: 'Deployment/storage', ready: 1, desired: 1, restarts: 0 },
      ];
      const suites = [
        suite('alpha', { needs: ['manager'] }),
        suite('beta', { needs: ['storage'] }),
        suite('gamma', { needs: ['no-such'] }),
      ];
      const plan = planRun(
        world({ environment: environment(UNREADY, { components }), suites, run: run({ parallelism: 3 }) }),
      );
      expect(starts(plan)).to.deep.equal(['run-beta-1']);
      expect(conditionOf(plan.status.conditions, 'EnvironmentReady')).to.deep.include({ status: 'False' });
    });

    it('that has never been ready is waited for by all, also where their needs are ready', () => {
      const components: ComponentStatus[] = [
        { name: 'storage', workload: 'Deployment/storage', ready: 1, desired: 1, restarts: 0 },
      ];
      const { readyAt: _never, ...status } = environment(UNREADY, { components }).status ?? {};
      const coming = { ...environment(UNREADY), status };
      const plan = planRun(world({ environment: coming, suites: [suite('alpha', { needs: ['storage'] })] }));
      expect(starts(plan)).to.deep.equal([]);
      expect(conditionOf(plan.status.conditions, 'EnvironmentReady')).to.deep.include({ status: 'Unknown' });
    });

    it('that cannot be deployed ends the run, with all its suites Interrupted', () => {
      const conditions = [
        condition('Deployed', 'False', 'HelmFailed', 'helm said no'),
        condition('Ready', 'False', 'HelmFailed'),
      ];
      const plan = planRun(world({ environment: environment(conditions) }));
      expect(outcome(plan)).to.deep.equal(['False', 'EnvironmentFailed']);
      expect(plan.status.suites?.every((line) => line.verdict === 'Interrupted')).to.equal(true);
    });

    it('may look broken while a disruptive suite runs', () => {
      const suites = [suite('alpha', { disruptive: true }), suite('beta')];
      const seen = world({ suites });
      const first = planRun(seen);
      const broken = { environment: environment(UNREADY), reports: [report('alpha', 1)] };
      const plan = planRun(next(seen, first, 600, broken));
      expect(conditionOf(plan.status.conditions, 'EnvironmentReady')?.status).to.equal('True');
      expect(plan.requeueAfterMs).to.equal(6_600_000);
    });
  });
});
