import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { JOBS, PODS } from '@backendai-e2e/kube/builtin-resources';
import { finalReport } from '@backendai-e2e/tools/envtest/final-report';
import { type Stage, startStage } from '@backendai-e2e/tools/envtest/test-environment';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

describe('the control of a TestRun against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let stage: Stage;

  before(async () => {
    stage = await startStage();
    await stage.environment('ext');
    for (const name of ['alpha', 'beta', 'gamma']) await stage.suite(name);
    stage.startOperator();
  });
  after(() => stage?.stop());

  const succeeded = (run: TestRun | undefined) => conditionOf(run?.status?.conditions, 'Succeeded');
  const suspend = (name: string, value: boolean) =>
    stage.client.mergePatch(TEST_RUNS, { namespace: stage.namespace, name }, { spec: { suspend: value } });
  const phaseIs = (name: string, phase: string) =>
    until(`${name} is ${phase}`, async () => (await stage.getRun(name))?.status?.phase === phase);

  it('suspended in mid-run, it lets the suite end, starts no other, and goes on when resumed', async () => {
    await stage.run('pause', 'ext', { suites: { names: ['alpha', 'beta'] } });
    await stage.pod('pause-alpha-1');
    await suspend('pause', true);
    await phaseIs('pause', 'Suspended');
    await stage.report('pause-alpha-1', finalReport('Passed'));
    await until('alpha has ended', async () => {
      const run = await stage.getRun('pause');
      return run?.status?.suiteCounts?.finished === 1 && run.status.phase === 'Suspended';
    });
    expect(await stage.getReport('pause-beta-1')).to.equal(undefined);
    await suspend('pause', false);
    await stage.attempt('pause-beta-1', 'Passed');
    const run = await stage.finished('pause');
    expect(run.status?.suiteCounts).to.deep.equal({ total: 2, finished: 2, passed: 2 });
    expect(run.status?.suspendedSeconds).to.be.greaterThan(0);
    expect(conditionOf(run.status?.conditions, 'Suspended')).to.deep.include({ status: 'False' });
  });

  it('suspended before its start, it lets a later run pass, and starts when resumed', async () => {
    await stage.run('parked', 'ext', { suites: { names: ['alpha'] }, suspend: true });
    await phaseIs('parked', 'Suspended');
    await stage.run('passing', 'ext', { suites: { names: ['alpha'] } });
    await stage.attempt('passing-alpha-1', 'Passed');
    await stage.finished('passing');
    expect(await stage.getReport('parked-alpha-1')).to.equal(undefined);
    await suspend('parked', false);
    await stage.attempt('parked-alpha-1', 'Passed');
    expect(succeeded(await stage.finished('parked'))).to.deep.include({ status: 'True' });
  });

  it('suspended while it waits its turn, it lets go of it', async () => {
    await stage.run('front', 'ext', { suites: { names: ['alpha'] } });
    await stage.pod('front-alpha-1');
    await stage.run('middle', 'ext', { suites: { names: ['alpha'] } });
    await phaseIs('middle', 'Queued');
    await stage.run('rear', 'ext', { suites: { names: ['alpha'] } });
    await phaseIs('rear', 'Queued');
    await suspend('middle', true);
    await stage.report('front-alpha-1', finalReport('Passed'));
    await stage.attempt('rear-alpha-1', 'Passed');
    await stage.finished('rear');
    const at = { namespace: stage.namespace, name: 'middle' };
    await stage.client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } });
    expect(succeeded(await stage.finished('middle'))).to.deep.include({ reason: 'Cancelled' });
  });

  it('runs again what kept another run from succeeding, and only that', async () => {
    await stage.run('first', 'ext', { suites: { names: ['alpha', 'beta', 'gamma'] } });
    await stage.attempt('first-alpha-1', 'Passed');
    await stage.attempt('first-beta-1', 'Failed');
    await stage.attempt('first-gamma-1', 'Failed');
    await stage.finished('first');
    await stage.run('again', 'ext', { rerunFailedOf: 'first' });
    await stage.attempt('again-beta-1', 'Passed');
    await stage.client.delete(TEST_RUNS, { namespace: stage.namespace, name: 'first' });
    await stage.attempt('again-gamma-1', 'Passed');
    const run = await stage.finished('again');
    expect(run.status?.suites?.map(({ name }) => name)).to.deep.equal(['beta', 'gamma']);
    expect(succeeded(run)).to.deep.include({ status: 'True' });
  });

  it('says why there is nothing to run again', async () => {
    await stage.run('nothing', 'ext', { rerunFailedOf: 'again' });
    const run = await stage.finished('nothing');
    expect(succeeded(run)).to.deep.include({ status: 'False', reason: 'NothingToRerun' });
    expect(succeeded(run)?.message).to.equal('spec.rerunFailedOf: no suite of TestRun again failed');
  });

  it('hands its Jobs to Kueue, says that they wait, and ends when Kueue let them start', async () => {
    await stage.run('kueue', 'ext', { suites: { names: ['alpha'] }, queueName: 'ci' });
    const at = { namespace: stage.namespace, name: 'kueue-alpha-1' };
    const job = await until('the Job is there', () => stage.client.get(JOBS, at));
    expect(job.spec?.suspend).to.equal(true);
    expect(job.metadata.labels).to.include({ 'kueue.x-k8s.io/queue-name': 'ci' });
    await until('the report says what it waits for', async () => {
      const started = conditionOf((await stage.getReport(at.name))?.status?.conditions, 'Started');
      return started?.reason === 'JobSuspended' && started.message.includes('queue ci');
    });
    const labelSelector = `batch.kubernetes.io/job-name=${at.name}`;
    const pods = await stage.client.list(PODS, { namespace: stage.namespace, labelSelector });
    expect(pods.items).to.deep.equal([]);
    // As Kueue does when its queue has room.
    await stage.client.mergePatch(JOBS, at, { spec: { suspend: false } });
    await stage.attempt(at.name, 'Passed');
    expect(succeeded(await stage.finished('kueue'))).to.deep.include({ status: 'True' });
  });
});
