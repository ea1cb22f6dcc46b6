import { TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import { isForbidden } from '@backendai-e2e/kube/api-error';
import {
  JOBS,
  PODS,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
  SERVICE_ACCOUNTS,
} from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import type { Resource } from '@backendai-e2e/kube/object';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { isLate } from '@backendai-e2e/tools/envtest/operator/late-api';
import { lineOf, succeeded } from '@backendai-e2e/tools/envtest/operator/run-status';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { pino } from 'pino';

describe('TestRun against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  /** What the operator logged as a warning or worse. */
  const complaints: string[] = [];

  before(async () => {
    harness = await startOperatorHarness();
    await harness.environment('ext');
    for (const name of ['alpha', 'beta', 'gamma']) await harness.suite(name);
    await harness.suite('retried', { retries: 1, onDemand: true });
    harness.startOperator({
      log: pino({ level: 'warn' }, { write: (line: string) => complaints.push(line) }),
    });
  });
  after(() => harness?.stop());

  it('passes when its suite reports that it passed, without waiting for the pod', async () => {
    await harness.run('passes', 'ext', { suites: { names: ['alpha'] } });
    await harness.attempt('passes-alpha-1', 'Passed');
    const run = await harness.finished('passes');
    expect(run.status).to.deep.include({ phase: 'Succeeded', verdict: 'Passed', observedGeneration: 1 });
    expect(run.status?.counts).to.deep.include({ total: 1, passed: 1, failed: 0 });
    expect(run.status?.suiteCounts).to.deep.equal({ total: 1, finished: 1, passed: 1, failed: 0 });
    expect(succeeded(run)).to.deep.include({ status: 'True', reason: 'AllPassed' });
    expect((await harness.pod('passes-alpha-1')).status?.phase).to.equal('Pending');
    expect(complaints).to.deep.equal([]);
  });

  it('fails with the first error in its line, and says so in events', async () => {
    await harness.run('fails', 'ext', { suites: { names: ['alpha'] } });
    await harness.attempt('fails-alpha-1', 'Failed');
    const run = await harness.finished('fails');
    expect(succeeded(run)).to.deep.include({ status: 'False', reason: 'SuitesFailed' });
    expect(run.status?.verdict).to.equal('Failed');
    expect(lineOf(run, 'alpha')?.message).to.include('expected 3 to equal 4');
    await harness.hasEvents('fails', ['Started', 'SuiteStarted', 'SuiteFailed', 'SuitesFailed']);
  });

  it('runs a failed suite again where it has retries, and calls a pass then Flaky', async () => {
    await harness.run('flaky', 'ext', { suites: { names: ['retried'] } });
    await harness.attempt('flaky-retried-1', 'Failed');
    await harness.attempt('flaky-retried-2', 'Passed');
    const run = await harness.finished('flaky');
    expect(succeeded(run)).to.deep.include({ status: 'True' });
    expect(run.status?.verdict).to.equal('Flaky');
    expect(lineOf(run, 'retried')).to.deep.include({
      verdict: 'Flaky',
      attempt: 2,
      report: 'flaky-retried-2',
    });
    expect(await harness.getReport('flaky-retried-1')).to.have.nested.property('status.verdict', 'Failed');
  });

  it('fails a Flaky run under retryPolicy.flaky: Fail', async () => {
    await harness.run('strict', 'ext', {
      suites: { names: ['alpha'] },
      retryPolicy: { retries: 1, flaky: 'Fail' },
    });
    await harness.attempt('strict-alpha-1', 'Failed');
    await harness.attempt('strict-alpha-2', 'Passed');
    expect(succeeded(await harness.finished('strict'))).to.deep.include({ status: 'False' });
  });

  it('names the suites that exist when it asks for one that does not', async () => {
    await harness.run('nonsense', 'ext', { suites: { names: ['nonsense'] } });
    const run = await harness.finished('nonsense');
    expect(succeeded(run)).to.deep.include({ status: 'False', reason: 'UnknownSuites' });
    expect(succeeded(run)?.message).to.match(/called nonsense; there are: .*alpha, beta/);
  });

  it('ends with a sentence for a grep that is no regular expression', async () => {
    await harness.run('grep', 'ext', { grep: '(' });
    const run = await harness.finished('grep');
    expect(succeeded(run)).to.deep.include({ status: 'False', reason: 'InvalidGrep' });
    expect(succeeded(run)?.message).to.include('spec.grep');
  });

  it('deleted in mid-run, it takes all that it made along', async () => {
    await harness.run('cleaned', 'ext', { suites: { names: ['alpha'] } });
    const pod = await harness.pod('cleaned-alpha-1');
    const at = { namespace: harness.namespace, name: 'cleaned-alpha-1' };
    await harness.client.delete(TEST_RUNS, { namespace: harness.namespace, name: 'cleaned' });
    const made: Resource[] = [TEST_REPORTS, JOBS, SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS];
    for (const resource of made) {
      await until(`${resource.kind} is gone`, async () => !(await harness.client.get(resource, at)));
    }
    await until('the pod is gone or going', async () => {
      const now = await harness.client.get(PODS, { namespace: harness.namespace, name: pod.metadata.name });
      return !now || now.metadata.deletionTimestamp !== undefined;
    });
  });

  it('cancelled, it ends at once and keeps what it knows', async () => {
    const at = { namespace: harness.namespace, name: 'stopped' };
    await harness.run('stopped', 'ext', { suites: { names: ['alpha', 'beta', 'gamma'] } });
    await harness.attempt('stopped-alpha-1', 'Passed');
    await harness.pod('stopped-beta-1');
    await harness.client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } });
    const run = await harness.finished('stopped');
    expect(succeeded(run)).to.deep.include({ status: 'False', reason: 'Cancelled' });
    expect(run.status?.suites?.map((line) => line.verdict)).to.deep.equal([
      'Passed',
      'Interrupted',
      'Interrupted',
    ]);
    const report = await harness.getReport('stopped-beta-1');
    expect(report?.status).to.deep.include({ final: true, verdict: 'Interrupted', reason: 'Cancelled' });
    await until('its Job is gone', async () => {
      return !(await harness.client.get(JOBS, { namespace: harness.namespace, name: 'stopped-beta-1' }));
    });
  });

  it('ends when its time is over', async () => {
    await harness.run('late', 'ext', { suites: { names: ['alpha'] }, timeoutSeconds: 1 });
    const run = await harness.finished('late');
    expect(succeeded(run)).to.deep.include({ status: 'False', reason: 'TimedOut' });
    expect(await harness.getReport('late-alpha-1')).to.have.nested.property('status.reason', 'TimedOut');
  });

  it('ends when its environment does not exist', async () => {
    await harness.run('lost', 'nowhere', {});
    const run = await harness.finished('lost');
    expect(succeeded(run)).to.deep.include({ status: 'False', reason: 'EnvironmentNotFound' });
    expect(succeeded(run)?.message).to.include('nowhere');
  });

  it('does not touch an object of that name which is not its own', async () => {
    await harness.client.create(JOBS, {
      metadata: { namespace: harness.namespace, name: 'taken-alpha-1' },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'mine', image: 'mine' }] } },
      },
    });
    await harness.run('taken', 'ext', { suites: { names: ['alpha'] } });
    const run = await harness.finished('taken');
    expect(lineOf(run, 'alpha')).to.deep.include({ verdict: 'Failed', reason: 'NameTaken' });
    expect(lineOf(run, 'alpha')?.message).to.include(`Job ${harness.namespace}/taken-alpha-1`);
  });

  it('is deleted when its time to live is over, unless it failed', async () => {
    const spec = { suites: { names: ['alpha'] }, ttlSecondsAfterFinished: 1 };
    await harness.run('ttl-bad', 'ext', spec);
    await harness.attempt('ttl-bad-alpha-1', 'Failed');
    await harness.finished('ttl-bad');
    await harness.run('ttl-good', 'ext', spec);
    await harness.attempt('ttl-good-alpha-1', 'Passed');
    await until('the good one is gone', async () => !(await harness.getRun('ttl-good')));
    expect(await harness.getRun('ttl-bad')).to.have.nested.property('metadata.name', 'ttl-bad');
  });

  it('stays as it ended, whatever is done to it later', async () => {
    await harness.run('done', 'ext', { suites: { names: ['alpha'] } });
    await harness.attempt('done-alpha-1', 'Passed');
    const before = await harness.finished('done');
    const { namespace } = harness;
    await harness.client.delete(TEST_REPORTS, { namespace, name: 'done-alpha-1' });
    await harness.client.delete(JOBS, { namespace, name: 'done-alpha-1' });
    await harness.client.mergePatch(TEST_RUNS, { namespace, name: 'done' }, { spec: { cancel: true } });
    await harness.run('after-done', 'ext', { suites: { names: ['alpha'] } });
    await harness.attempt('after-done-alpha-1', 'Passed');
    await harness.finished('after-done');
    expect((await harness.getRun('done'))?.status).to.deep.equal(before.status);
  });

  it('says that a report was deleted under it', async () => {
    await harness.run('torn', 'ext', { suites: { names: ['alpha'] } });
    await harness.pod('torn-alpha-1');
    await until('it runs', async () => lineOf(await harness.getRun('torn'), 'alpha')?.state === 'Running');
    await harness.client.delete(TEST_REPORTS, { namespace: harness.namespace, name: 'torn-alpha-1' });
    expect(lineOf(await harness.finished('torn'), 'alpha')).to.deep.include({
      verdict: 'Interrupted',
      reason: 'ReportVanished',
    });
  });

  it('comes to its end however many others write to it', async function () {
    // They write again before a late answer arrives: no write that waits for a version would ever come first.
    if (isLate()) this.skip();
    const at = { namespace: harness.namespace, name: 'storm' };
    let on = true;
    await harness.run('storm', 'ext', { suites: { names: ['retried'] } });
    const storm = Promise.all(
      ['one', 'two', 'three'].map(async (key) => {
        for (let count = 0; on; count += 1) {
          await harness.client.mergePatch(TEST_RUNS, at, {
            metadata: { annotations: { [key]: `${count}` } },
          });
        }
        return key;
      }),
    );
    try {
      await harness.attempt('storm-retried-1', 'Failed');
      await harness.attempt('storm-retried-2', 'Passed');
      expect((await harness.finished('storm')).status?.verdict).to.equal('Flaky');
    } finally {
      on = false;
      await storm;
    }
  });

  it('gives the pod of an attempt its own report, and nothing else', async () => {
    await harness.run('rights', 'ext', { suites: { names: ['alpha'] } });
    await harness.pod('rights-alpha-1');
    const { namespace } = harness;
    const access = await harness.plane.serviceAccount(namespace, 'rights-alpha-1');
    const suite = new KubeClient(access.kubeConfig);
    const own = { namespace, name: 'rights-alpha-1' };
    const other = { namespace, name: 'done-alpha-1' };
    try {
      // The Job does not wait for its rights; the runner outlasts that moment as this does.
      await until('the attempt may write its report', () =>
        suite.applyStatus(
          TEST_REPORTS,
          { metadata: own, status: { current: 'adds' } },
          { fieldManager: 'backendai-e2e-runner' },
        ),
      );
      expect(await suite.get(TEST_REPORTS, own)).to.have.nested.property('status.current', 'adds');
      const refused = [
        suite.list(TEST_REPORTS, { namespace }),
        suite.get(TEST_RUNS, { namespace, name: 'rights' }),
        suite.get(SECRETS, { namespace, name: 'ext-connection' }),
        suite.list(PODS, { namespace }),
        suite.delete(TEST_REPORTS, own),
        suite.applyStatus(
          TEST_REPORTS,
          { metadata: other, status: {} },
          { fieldManager: 'backendai-e2e-runner' },
        ),
      ];
      for (const result of await Promise.allSettled(refused)) {
        expect(result.status === 'rejected' && isForbidden(result.reason)).to.equal(true);
      }
    } finally {
      await suite.close();
    }
    await harness.report('rights-alpha-1', finalReport('Passed'));
    await harness.finished('rights');
  });
});
