import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { JOBS, PODS } from '@backendai-e2e/kube/builtin-resources';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('the control of a TestRun against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.environment('ext');
    for (const name of ['alpha', 'beta', 'gamma']) await harness.suite(name);
    harness.startOperator();
  });
  after(() => harness?.stop());

  const succeeded = (run: TestRun | undefined) => conditionOf(run?.status?.conditions, 'Succeeded');
  const suspend = (name: string, value: boolean) =>
    harness.client.mergePatch(
      TEST_RUNS,
      { namespace: harness.namespace, name },
      { spec: { suspend: value } },
    );
  const phaseIs = (name: string, phase: string) =>
    until(`${name} is ${phase}`, async () => (await harness.getRun(name))?.status?.phase === phase);

  it('suspended in mid-run, it lets the suite end, starts no other, and goes on when resumed', async () => {
    await harness.run('pause', 'ext', { suites: { names: ['alpha', 'beta'] } });
    await harness.pod('pause-alpha-1');
    await suspend('pause', true);
    await phaseIs('pause', 'Suspended');
    await harness.report('pause-alpha-1', finalReport('Passed'));
    await until('alpha has ended', async () => {
      const run = await harness.getRun('pause');
      return run?.status?.suiteCounts?.finished === 1 && run.status.phase === 'Suspended';
    });
    expect(await harness.getReport('pause-beta-1')).to.equal(undefined);
    await suspend('pause', false);
    await harness.attempt('pause-beta-1', 'Passed');
    const run = await harness.finished('pause');
    expect(run.status?.suiteCounts).to.deep.equal({ total: 2, finished: 2, passed: 2, failed: 0 });
    expect(run.status?.suspendedSeconds).to.be.greaterThan(0);
    expect(conditionOf(run.status?.conditions, 'Suspended')).to.deep.include({ status: 'False' });
  });

  it('suspended before its start, it lets a later run pass, and starts when resumed', async () => {
    await harness.run('parked', 'ext', { suites: { names: ['alpha'] }, suspend: true });
    await phaseIs('parked', 'Suspended');
    await harness.run('passing', 'ext', { suites: { names: ['alpha'] } });
    await harness.attempt('passing-alpha-1', 'Passed');
    await harness.finished('passing');
    expect(await harness.getReport('parked-alpha-1')).to.equal(undefined);
    await suspend('parked', false);
    await harness.attempt('parked-alpha-1', 'Passed');
    expect(succeeded(await harness.finished('parked'))).to.deep.include({ status: 'True' });
  });

  it('suspended while it waits its turn, it lets go of it', async () => {
    await harness.run('front', 'ext', { suites: { names: ['alpha'] } });
    await harness.pod('front-alpha-1');
    await harness.run('middle', 'ext', { suites: { names: ['alpha'] } });
    await phaseIs('middle', 'Queued');
    await harness.run('rear', 'ext', { suites: { names: ['alpha'] } });
    await phaseIs('rear', 'Queued');
    await suspend('middle', true);
    await harness.report('front-alpha-1', finalReport('Passed'));
    await harness.attempt('rear-alpha-1', 'Passed');
    await harness.finished('rear');
    const at = { namespace: harness.namespace, name: 'middle' };
    await harness.client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } });
    expect(succeeded(await harness.finished('middle'))).to.deep.include({ reason: 'Cancelled' });
  });

  it('runs again what kept another run from succeeding, and only that', async () => {
    await harness.run('first', 'ext', { suites: { names: ['alpha', 'beta', 'gamma'] } });
    await harness.attempt('first-alpha-1', 'Passed');
    await harness.attempt('first-beta-1', 'Failed');
    await harness.attempt('first-gamma-1', 'Failed');
    await harness.finished('first');
    await harness.run('again', 'ext', { rerunFailedOf: 'first' });
    await harness.attempt('again-beta-1', 'Passed');
    await harness.client.delete(TEST_RUNS, { namespace: harness.namespace, name: 'first' });
    await harness.attempt('again-gamma-1', 'Passed');
    const run = await harness.finished('again');
    expect(run.status?.suites?.map(({ name }) => name)).to.deep.equal(['beta', 'gamma']);
    expect(succeeded(run)).to.deep.include({ status: 'True' });
  });

  it('says why there is nothing to run again', async () => {
    await harness.run('nothing', 'ext', { rerunFailedOf: 'again' });
    const run = await harness.finished('nothing');
    expect(succeeded(run)).to.deep.include({ status: 'False', reason: 'NothingToRerun' });
    expect(succeeded(run)?.message).to.equal('spec.rerunFailedOf: no suite of TestRun again failed');
  });

  it('hands its Jobs to Kueue, says that they wait, and ends when Kueue let them start', async () => {
    await harness.run('kueue', 'ext', { suites: { names: ['alpha'] }, queueName: 'ci' });
    const at = { namespace: harness.namespace, name: 'kueue-alpha-1' };
    const job = await until('the Job is there', () => harness.client.get(JOBS, at));
    expect(job.spec?.suspend).to.equal(true);
    expect(job.metadata.labels).to.include({ 'kueue.x-k8s.io/queue-name': 'ci' });
    await until('the report says what it waits for', async () => {
      const started = conditionOf((await harness.getReport(at.name))?.status?.conditions, 'Started');
      return started?.reason === 'JobSuspended' && started.message.includes('queue ci');
    });
    const labelSelector = `batch.kubernetes.io/job-name=${at.name}`;
    const pods = await harness.client.list(PODS, { namespace: harness.namespace, labelSelector });
    expect(pods.items).to.deep.equal([]);
    // As Kueue does when its queue has room.
    await harness.client.mergePatch(JOBS, at, { spec: { suspend: false } });
    await harness.attempt(at.name, 'Passed');
    expect(succeeded(await harness.finished('kueue'))).to.deep.include({ status: 'True' });
  });
});
