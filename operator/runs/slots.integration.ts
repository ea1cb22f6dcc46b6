import { conditionOf } from '@backendai-e2e/api/conditions';
import { FAULTS, TEST_ENVIRONMENTS, TEST_REPORTS, TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { JOBS, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('a TestRun over several environments, against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    for (const name of ['one', 'two', 'three']) {
      await harness.client.create(SECRETS, {
        metadata: { name: `${name}-way`, namespace: harness.namespace },
        stringData: { 'connection.json': JSON.stringify({ secretKey: `the-secret-of-${name}` }) },
      });
      await harness.environment(name, { external: { connectionSecretRef: { name: `${name}-way` } } });
    }
    for (const name of ['alpha', 'beta', 'gamma']) await harness.suite(name, { onDemand: true });
    await harness.suite('closing', { last: true, onDemand: true });
    await harness.suite('breaking', { disruptive: true, onDemand: true });
    harness.startOperator();
    for (const name of ['one', 'two', 'three']) {
      await until(`${name} is ready`, async () => {
        const status = (await harness.getEnvironment(name))?.status;
        return conditionOf(status?.conditions, 'Ready')?.status === 'True';
      });
    }
  });
  after(() => harness?.stop());

  const over = (...names: string[]) => ({ moreEnvironmentRefs: names.map((name) => ({ name })) });
  const lines = (run: TestRun | undefined) =>
    run?.status?.suites?.map(({ name, environment, verdict }) => `${name} ${environment} ${verdict}`);

  async function jobOf(attempt: string) {
    const job = await harness.client.get(JOBS, { namespace: harness.namespace, name: attempt });
    const pod = job?.spec?.template?.spec;
    const env = pod?.containers?.[0]?.env?.find(({ name }) => name === 'E2E_ENVIRONMENT')?.value;
    const secret = pod?.volumes?.find(({ name }) => name === 'connection')?.secret?.secretName;
    return { env, secret };
  }

  it('gives each attempt its environment, and the way there', async () => {
    const names = ['closing', 'alpha', 'beta'];
    await harness.run('both', 'one', { ...over('two'), suites: { names } });
    await Promise.all([harness.pod('both-alpha-1'), harness.pod('both-beta-1')]);
    expect(await jobOf('both-alpha-1')).to.deep.equal({ env: 'one', secret: 'one-way' });
    expect(await jobOf('both-beta-1')).to.deep.equal({ env: 'two', secret: 'two-way' });
    expect((await harness.getReport('both-beta-1'))?.spec.environment).to.equal('two');
    await harness.report('both-alpha-1', finalReport('Passed'));
    await until('alpha has ended', async () => {
      const run = await harness.getRun('both');
      return run?.status?.suiteCounts?.finished === 1;
    });
    expect(await harness.getReport('both-closing-1'), 'while beta runs in two').to.equal(undefined);
    await harness.report('both-beta-1', finalReport('Passed'));
    await Promise.all([harness.pod('both-closing-1'), harness.pod('both-closing-two-1')]);
    expect(await jobOf('both-closing-two-1')).to.deep.equal({ env: 'two', secret: 'two-way' });
    await harness.report('both-closing-1', finalReport('Passed'));
    await harness.report('both-closing-two-1', finalReport('Failed'));
    const run = await harness.finished('both');
    expect(lines(run)).to.deep.equal([
      'closing one Passed',
      'closing-two two Failed',
      'alpha one Passed',
      'beta two Passed',
    ]);
    const history = await until('the history of the suite has both', async () => {
      const at = { namespace: harness.namespace, name: 'closing' };
      const seen = (await harness.client.get(TEST_SUITES, at))?.status?.lastVerdicts ?? [];
      return seen.length === 2 && seen.map(({ environment, verdict }) => `${environment} ${verdict}`);
    });
    expect(history).to.deep.equal(['one Passed', 'two Failed']);
  });

  it('waits for every run that is in any of its environments', async () => {
    const suites = { names: ['alpha'] };
    await harness.run('narrow', 'two', { suites });
    await harness.pod('narrow-alpha-1');
    await harness.run('broad', 'one', { ...over('two', 'three'), suites });
    await until('broad is queued', async () => (await harness.getRun('broad'))?.status?.phase === 'Queued');
    await harness.run('later', 'three', { suites });
    const queued = await until('later is queued', async () => {
      const run = await harness.getRun('later');
      return run?.status?.phase === 'Queued' && run;
    });
    expect(conditionOf(queued.status?.conditions, 'Queued')?.message).to.include('broad');
    await harness.report('narrow-alpha-1', finalReport('Passed'));
    await harness.attempt('broad-alpha-1', 'Passed');
    await harness.attempt('later-alpha-1', 'Passed');
    await harness.finished('later');
  });

  it('masks what is secret in the environment of the attempt', async () => {
    await harness.run('leaky', 'one', { ...over('two'), suites: { names: ['alpha', 'beta'] } });
    const pod = await harness.pod('leaky-beta-1');
    await harness.podEnded(pod, 134, 'Error', 'lost the-secret-of-two and x');
    const report = await until('the report is closed', async () => {
      const seen = await harness.getReport('leaky-beta-1');
      return seen?.status?.final === true && seen;
    });
    expect(report.status?.message).to.include('lost').and.not.include('the-secret-of-two');
    await harness.report('leaky-alpha-1', finalReport('Passed'));
    await harness.finished('leaky');
  });

  it('goes on from the report that exists, also where it would choose otherwise now', async () => {
    // An operator died between the report and the Job, when only the third environment was ready.
    const { namespace } = harness;
    const run = await harness.run('torn', 'one', {
      ...over('three'),
      suspend: true,
      suites: { names: ['alpha', 'beta'] },
    });
    await harness.client.create(TEST_REPORTS, {
      metadata: {
        ...{ namespace, name: 'torn-alpha-1', labels: { 'e2e.backend.ai/run': 'torn' } },
        ownerReferences: [
          {
            ...{ apiVersion: run.apiVersion, kind: run.kind, name: 'torn', controller: true },
            uid: run.metadata.uid ?? '',
          },
        ],
      },
      spec: { run: 'torn', suite: 'alpha', attempt: 1, environment: 'three' },
    });
    await harness.client.mergePatch(
      { apiVersion: run.apiVersion ?? '', kind: 'TestRun', plural: 'testruns' },
      { namespace, name: 'torn' },
      { spec: { suspend: false } },
    );
    await Promise.all([harness.pod('torn-alpha-1'), harness.pod('torn-beta-1')]);
    expect(await jobOf('torn-alpha-1')).to.deep.equal({ env: 'three', secret: 'three-way' });
    expect(await jobOf('torn-beta-1')).to.deep.equal({ env: 'one', secret: 'one-way' });
    await harness.report('torn-alpha-1', finalReport('Passed'));
    await harness.report('torn-beta-1', finalReport('Passed'));
    expect(lines(await harness.finished('torn'))).to.deep.equal(['alpha three Passed', 'beta one Passed']);
  });

  it('has no fault of an attempt in another one of its environments', async () => {
    const { namespace } = harness;
    for (const name of ['mild-a', 'mild-b']) {
      await harness.environment(name, { chart: { name: 'tiny' }, disruption: 'Allowed' });
    }
    await harness.run('rough', 'one', { ...over('mild-a', 'mild-b'), suites: { names: ['breaking'] } });
    // Nothing there ever becomes ready: the attempt that asks is the test's.
    const owner = await harness.getRun('rough');
    await harness.client.create(TEST_REPORTS, {
      metadata: {
        ...{ namespace, name: 'rough-breaking-1' },
        ownerReferences: [
          {
            ...{ apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'TestRun', name: 'rough', controller: true },
            uid: owner?.metadata.uid ?? '',
          },
        ],
      },
      spec: { run: 'rough', suite: 'breaking', attempt: 1, environment: 'mild-a' },
    });
    await harness.client.create(FAULTS, {
      metadata: { namespace, name: 'wrong', labels: { 'e2e.backend.ai/report': 'rough-breaking-1' } },
      spec: { environmentRef: { name: 'mild-b' }, target: { component: 'manager' }, podDelete: {} },
    });
    const refused = await until('the fault is refused', async () => {
      const fault = await harness.client.get(FAULTS, { namespace, name: 'wrong' });
      const accepted = conditionOf(fault?.status?.conditions, 'Accepted');
      return accepted?.status === 'False' && accepted;
    });
    expect(refused).to.deep.include({ reason: 'NotPermitted' });
    expect(refused.message).to.include('runs in mild-a, not in mild-b');
    await harness.client.mergePatch(
      { apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'TestRun', plural: 'testruns' },
      { namespace, name: 'rough' },
      { spec: { cancel: true } },
    );
    await harness.finished('rough');
  });

  it('has environments that are deployed one after another, when they ask for it', async () => {
    const chart = { name: 'tiny', values: { image: 'real:1' } };
    await harness.environment('first', { chart });
    await harness.environment('second', { chart, deployAfterRef: { name: 'first' } });
    await until('the first is deployed', async () => {
      const status = (await harness.getEnvironment('first'))?.status;
      return conditionOf(status?.conditions, 'Deployed')?.status === 'True';
    });
    const waiting = await until('the second says what it waits for', async () => {
      const status = (await harness.getEnvironment('second'))?.status;
      const deployed = conditionOf(status?.conditions, 'Deployed');
      if (!deployed?.message.startsWith('waits for ')) throw new Error(JSON.stringify(status));
      return { ...deployed, deployStartedAt: status?.deployStartedAt };
    });
    expect(waiting).to.deep.include({
      status: 'Unknown',
      message: 'waits for TestEnvironment first, which is deployed first (spec.deployAfterRef)',
      deployStartedAt: undefined,
    });
    await harness.client.delete(TEST_ENVIRONMENTS, { namespace: harness.namespace, name: 'first' });
    await until('the second is deployed', async () => {
      const status = (await harness.getEnvironment('second'))?.status;
      return conditionOf(status?.conditions, 'Deployed')?.status === 'True';
    });
  });
});
