import { expect } from 'chai';
import { conditionOf } from '../api/conditions.ts';
import { JOBS, ROLES, SERVICE_ACCOUNTS } from '../runtime/builtin-resources.ts';
import type { RunningOperator } from '../testing/stage.ts';
import { finalReport, type Stage, startStage } from '../testing/stage.ts';
import { until } from '../testing/until.ts';
import { TEST_REPORTS, TEST_RUNS } from './kinds.ts';

describe('TestRun against a real API server', function () {
  this.timeout(60_000);
  let stage: Stage;
  let operator: RunningOperator;

  before(async () => {
    stage = await startStage();
    await stage.environment('ext');
    await stage.suite('alpha');
    await stage.suite('beta');
    operator = stage.startOperator();
  });
  after(() => stage.stop());

  it('passes when its suite reports that it passed, without waiting for the pod', async () => {
    await stage.run('passes', 'ext', { suites: { names: ['alpha'] } });
    await stage.attempt('passes-alpha-1', 'Passed');
    const run = await stage.finished('passes');
    expect(run.status).to.deep.include({ phase: 'Succeeded', verdict: 'Passed', observedGeneration: 1 });
    expect(run.status?.counts).to.deep.include({ total: 1, passed: 1, failed: 0 });
    expect(conditionOf(run.status?.conditions, 'Succeeded')).to.deep.include({
      status: 'True',
      reason: 'AllPassed',
    });
    expect((await stage.pod('passes-alpha-1')).status?.phase).to.equal('Pending');
  });
});
