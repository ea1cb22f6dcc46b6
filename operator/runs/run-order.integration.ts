import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { finalReport } from '@backendai-e2e/tools/envtest/final-report';
import { lineOf, succeeded } from '@backendai-e2e/tools/envtest/run-status';
import { type Stage, startStage } from '@backendai-e2e/tools/envtest/test-environment';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

describe('the order of runs and of their suites against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let stage: Stage;

  before(async () => {
    stage = await startStage();
    await stage.environment('ext');
    for (const name of ['alpha', 'beta', 'gamma']) await stage.suite(name);
    await stage.suite('alone', { exclusive: true, onDemand: true });
    await stage.suite('closing', { last: true, onDemand: true });
    await stage.suite('breaking', { disruptive: true, onDemand: true });
    await stage.suite('waiting', { waits: true, onDemand: true });
    await stage.suite('claiming', { needs: ['manager'], claims: ['manager'], onDemand: true });
    stage.startOperator();
  });
  after(() => stage?.stop());

  it('waits its turn: one run of an environment at a time, first come first served', async () => {
    await stage.run('turn-a', 'ext', { suites: { names: ['alpha'] } });
    await stage.pod('turn-a-alpha-1');
    await stage.run('turn-b', 'ext', { suites: { names: ['beta'] } });
    const queued = await until('turn-b is queued', async () => {
      const run = await stage.getRun('turn-b');
      return run?.status?.phase === 'Queued' && run;
    });
    expect(conditionOf(queued.status?.conditions, 'Queued')?.message).to.include('turn-a');
    expect(await stage.getReport('turn-b-beta-1')).to.equal(undefined);
    await stage.report('turn-a-alpha-1', finalReport('Passed'));
    await stage.attempt('turn-b-beta-1', 'Passed');
    await stage.finished('turn-b');
  });

  it('lets the next run start when the one ahead is deleted', async () => {
    await stage.run('gone-a', 'ext', { suites: { names: ['alpha'] } });
    await stage.pod('gone-a-alpha-1');
    await stage.run('gone-b', 'ext', { suites: { names: ['beta'] } });
    await until('gone-b is queued', async () => (await stage.getRun('gone-b'))?.status?.phase === 'Queued');
    await stage.client.delete(TEST_RUNS, { namespace: stage.namespace, name: 'gone-a' });
    await stage.attempt('gone-b-beta-1', 'Passed');
    await stage.finished('gone-b');
  });

  it('runs as many suites at a time as it may, an exclusive one alone', async () => {
    const names = ['alpha', 'alone', 'beta', 'gamma'];
    await stage.run('wide', 'ext', { suites: { names }, parallelism: 2 });
    await Promise.all([stage.pod('wide-alpha-1'), stage.pod('wide-beta-1')]);
    await stage.report('wide-alpha-1', finalReport('Passed'));
    await stage.pod('wide-gamma-1');
    await stage.report('wide-beta-1', finalReport('Passed'));
    await until('beta has ended', async () => {
      const run = await stage.getRun('wide');
      return run ? lineOf(run, 'beta')?.state === 'Finished' : false;
    });
    expect(await stage.getReport('wide-alone-1'), 'beside gamma').to.equal(undefined);
    await stage.report('wide-gamma-1', finalReport('Passed'));
    await stage.pod('wide-alone-1');
    await stage.report('wide-alone-1', finalReport('Passed'));
    expect((await stage.finished('wide')).status?.suiteCounts).to.deep.include({ total: 4, passed: 4 });
  });

  it('runs nothing beside a suite that claims what it needs', async () => {
    const names = ['claiming', 'alpha'];
    await stage.run('claims', 'ext', { suites: { names }, parallelism: 2 });
    await stage.pod('claims-claiming-1');
    // The status is written after the objects of what starts.
    const begun = await until('the run says what runs', async () => {
      const run = await stage.getRun('claims');
      return lineOf(run, 'claiming')?.state === 'Running' && run;
    });
    expect(lineOf(begun, 'alpha')?.state).to.equal('Waiting');
    await stage.report('claims-claiming-1', finalReport('Passed'));
    await stage.pod('claims-alpha-1');
    await stage.report('claims-alpha-1', finalReport('Passed'));
    await stage.finished('claims');
  });

  it('runs one at a time beside a suite that mostly waits', async () => {
    await stage.run('patient', 'ext', { suites: { names: ['waiting', 'alpha', 'beta'] }, parallelism: 1 });
    await Promise.all([stage.pod('patient-waiting-1'), stage.pod('patient-alpha-1')]);
    const begun = await until('the run says what runs', async () => {
      const run = await stage.getRun('patient');
      return lineOf(run, 'alpha')?.state === 'Running' && run;
    });
    expect(lineOf(begun, 'beta')?.state).to.equal('Waiting');
    await stage.report('patient-alpha-1', finalReport('Passed'));
    await stage.pod('patient-beta-1');
    await stage.report('patient-beta-1', finalReport('Passed'));
    await stage.report('patient-waiting-1', finalReport('Passed'));
    await stage.finished('patient');
  });

  it('runs a last suite when all others have ended, and passes it the start of the run', async () => {
    await stage.run('orderly', 'ext', { suites: { names: ['closing', 'alpha', 'beta'] }, parallelism: 3 });
    await Promise.all([stage.pod('orderly-alpha-1'), stage.pod('orderly-beta-1')]);
    const first = await stage.getReport('orderly-alpha-1');
    await stage.report('orderly-alpha-1', finalReport('Failed'));
    expect(await stage.getReport('orderly-closing-1')).to.equal(undefined);
    await stage.report('orderly-beta-1', finalReport('Passed'));
    const pod = await stage.pod('orderly-closing-1');
    const env = pod.spec?.containers?.[0]?.env ?? [];
    const since = env.find(({ name }) => name === 'E2E_RUN_SINCE')?.value;
    expect(Date.parse(since ?? '')).to.be.at.most(Date.parse(first?.metadata.creationTimestamp ?? ''));
    await stage.report('orderly-closing-1', finalReport('Passed'));
    const run = await stage.finished('orderly');
    expect(lineOf(run, 'closing')).to.deep.include({ verdict: 'Passed' });
    expect(run.status?.verdict).to.equal('Failed');
  });

  it('with failFast, starts nothing after a failure', async () => {
    await stage.run('fast', 'ext', { suites: { names: ['alpha', 'beta'] }, failFast: true });
    await stage.attempt('fast-alpha-1', 'Failed');
    const run = await stage.finished('fast');
    expect(lineOf(run, 'beta')).to.deep.include({ verdict: 'Skipped', reason: 'FailFast', attempt: 0 });
    expect(run.status?.verdict).to.equal('Failed');
  });

  it('does not break what forbids it', async () => {
    await stage.run('gentle', 'ext', { suites: { names: ['alpha', 'breaking'] } });
    await stage.attempt('gentle-alpha-1', 'Passed');
    const run = await stage.finished('gentle');
    expect(lineOf(run, 'breaking')).to.deep.include({ verdict: 'Skipped', reason: 'DisruptionForbidden' });
    expect(succeeded(run)).to.deep.include({ status: 'True' });
  });

  it('keeps the record of its suites', async () => {
    const suite = await until('gamma has a record', async () => {
      const found = await stage.client.get(TEST_SUITES, { namespace: stage.namespace, name: 'gamma' });
      return found?.status?.lastVerdicts !== undefined && found;
    });
    const verdicts = suite.status?.lastVerdicts?.map(({ run, verdict }) => [run, verdict]);
    expect(verdicts).to.deep.include(['wide', 'Passed']);
    expect(suite.status?.passRate).to.be.within(0, 1);
  });
});
