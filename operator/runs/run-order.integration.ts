import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { lineOf, succeeded } from '@backendai-e2e/tools/envtest/operator/run-status';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('the order of runs and of their suites against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.environment('ext');
    for (const name of ['alpha', 'beta', 'gamma']) await harness.suite(name);
    await harness.suite('alone', { exclusive: true, onDemand: true });
    await harness.suite('closing', { last: true, onDemand: true });
    await harness.suite('breaking', { disruptive: true, onDemand: true });
    await harness.suite('waiting', { waits: true, onDemand: true });
    await harness.suite('claiming', { needs: ['manager'], claims: ['manager'], onDemand: true });
    harness.startOperator();
  });
  after(() => harness?.stop());

  it('waits its turn: one run of an environment at a time, first come first served', async () => {
    await harness.run('turn-a', 'ext', { suites: { names: ['alpha'] } });
    await harness.pod('turn-a-alpha-1');
    await harness.run('turn-b', 'ext', { suites: { names: ['beta'] } });
    const queued = await until('turn-b is queued', async () => {
      const run = await harness.getRun('turn-b');
      return run?.status?.phase === 'Queued' && run;
    });
    expect(conditionOf(queued.status?.conditions, 'Queued')?.message).to.include('turn-a');
    expect(await harness.getReport('turn-b-beta-1')).to.equal(undefined);
    await harness.report('turn-a-alpha-1', finalReport('Passed'));
    await harness.attempt('turn-b-beta-1', 'Passed');
    await harness.finished('turn-b');
  });

  it('lets the next run start when the one ahead is deleted', async () => {
    await harness.run('gone-a', 'ext', { suites: { names: ['alpha'] } });
    await harness.pod('gone-a-alpha-1');
    await harness.run('gone-b', 'ext', { suites: { names: ['beta'] } });
    await until('gone-b is queued', async () => (await harness.getRun('gone-b'))?.status?.phase === 'Queued');
    await harness.client.delete(TEST_RUNS, { namespace: harness.namespace, name: 'gone-a' });
    await harness.attempt('gone-b-beta-1', 'Passed');
    await harness.finished('gone-b');
  });

  it('runs as many suites at a time as it may, an exclusive one alone', async () => {
    const names = ['alpha', 'alone', 'beta', 'gamma'];
    await harness.run('wide', 'ext', { suites: { names }, parallelism: 2 });
    await Promise.all([harness.pod('wide-alpha-1'), harness.pod('wide-beta-1')]);
    await harness.report('wide-alpha-1', finalReport('Passed'));
    await harness.pod('wide-gamma-1');
    await harness.report('wide-beta-1', finalReport('Passed'));
    await until('beta has ended', async () => {
      const run = await harness.getRun('wide');
      return run ? lineOf(run, 'beta')?.state === 'Finished' : false;
    });
    expect(await harness.getReport('wide-alone-1'), 'beside gamma').to.equal(undefined);
    await harness.report('wide-gamma-1', finalReport('Passed'));
    await harness.pod('wide-alone-1');
    await harness.report('wide-alone-1', finalReport('Passed'));
    expect((await harness.finished('wide')).status?.suiteCounts).to.deep.include({ total: 4, passed: 4 });
  });

  it('runs nothing beside a suite that claims what it needs', async () => {
    const names = ['claiming', 'alpha'];
    await harness.run('claims', 'ext', { suites: { names }, parallelism: 2 });
    await harness.pod('claims-claiming-1');
    // The status is written after the objects of what starts.
    const begun = await until('the run says what runs', async () => {
      const run = await harness.getRun('claims');
      return lineOf(run, 'claiming')?.state === 'Running' && run;
    });
    expect(lineOf(begun, 'alpha')?.state).to.equal('Waiting');
    await harness.report('claims-claiming-1', finalReport('Passed'));
    await harness.pod('claims-alpha-1');
    await harness.report('claims-alpha-1', finalReport('Passed'));
    await harness.finished('claims');
  });

  it('runs one at a time beside a suite that mostly waits', async () => {
    await harness.run('patient', 'ext', { suites: { names: ['waiting', 'alpha', 'beta'] }, parallelism: 1 });
    await Promise.all([harness.pod('patient-waiting-1'), harness.pod('patient-alpha-1')]);
    const begun = await until('the run says what runs', async () => {
      const run = await harness.getRun('patient');
      return lineOf(run, 'alpha')?.state === 'Running' && run;
    });
    expect(lineOf(begun, 'beta')?.state).to.equal('Waiting');
    await harness.report('patient-alpha-1', finalReport('Passed'));
    await harness.pod('patient-beta-1');
    await harness.report('patient-beta-1', finalReport('Passed'));
    await harness.report('patient-waiting-1', finalReport('Passed'));
    await harness.finished('patient');
  });

  it('runs a last suite when all others have ended, and passes it the start of the run', async () => {
    await harness.run('orderly', 'ext', { suites: { names: ['closing', 'alpha', 'beta'] }, parallelism: 3 });
    await Promise.all([harness.pod('orderly-alpha-1'), harness.pod('orderly-beta-1')]);
    const first = await harness.getReport('orderly-alpha-1');
    await harness.report('orderly-alpha-1', finalReport('Failed'));
    expect(await harness.getReport('orderly-closing-1')).to.equal(undefined);
    await harness.report('orderly-beta-1', finalReport('Passed'));
    const pod = await harness.pod('orderly-closing-1');
    const env = pod.spec?.containers?.[0]?.env ?? [];
    const since = env.find(({ name }) => name === 'E2E_RUN_SINCE')?.value;
    expect(Date.parse(since ?? '')).to.be.at.most(Date.parse(first?.metadata.creationTimestamp ?? ''));
    await harness.report('orderly-closing-1', finalReport('Passed'));
    const run = await harness.finished('orderly');
    expect(lineOf(run, 'closing')).to.deep.include({ verdict: 'Passed' });
    expect(run.status?.verdict).to.equal('Failed');
  });

  it('with failFast, starts nothing after a failure', async () => {
    await harness.run('fast', 'ext', { suites: { names: ['alpha', 'beta'] }, failFast: true });
    await harness.attempt('fast-alpha-1', 'Failed');
    const run = await harness.finished('fast');
    expect(lineOf(run, 'beta')).to.deep.include({ verdict: 'Skipped', reason: 'FailFast', attempt: 0 });
    expect(run.status?.verdict).to.equal('Failed');
  });

  it('does not break what forbids it', async () => {
    await harness.run('gentle', 'ext', { suites: { names: ['alpha', 'breaking'] } });
    await harness.attempt('gentle-alpha-1', 'Passed');
    const run = await harness.finished('gentle');
    expect(lineOf(run, 'breaking')).to.deep.include({ verdict: 'Skipped', reason: 'DisruptionForbidden' });
    expect(succeeded(run)).to.deep.include({ status: 'True' });
  });

  it('keeps the record of its suites', async () => {
    const suite = await until('gamma has a record', async () => {
      const found = await harness.client.get(TEST_SUITES, { namespace: harness.namespace, name: 'gamma' });
      return found?.status?.lastVerdicts !== undefined && found;
    });
    const verdicts = suite.status?.lastVerdicts?.map(({ run, verdict }) => [run, verdict]);
    expect(verdicts).to.deep.include(['wide', 'Passed']);
    expect(suite.status?.passRate).to.be.within(0, 1);
  });
});
