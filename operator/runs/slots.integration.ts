import { conditionOf } from '@backendai-e2e/api/conditions';
import { FAULTS, TEST_ENVIRONMENTS, TEST_REPORTS, TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { JOBS, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { finalReport } from '@backendai-e2e/tools/envtest/final-report';
import { type Stage, startStage } from '@backendai-e2e/tools/envtest/test-environment';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

describe('a TestRun over several environments, against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let stage: Stage;

  before(async () => {
    stage = await startStage();
    for (const name of ['one', 'two', 'three']) {
      await stage.client.create(SECRETS, {
        metadata: { name: `${name}-way`, namespace: stage.namespace },
        stringData: { 'connection.json': JSON.stringify({ secretKey: `the-secret-of-${name}` }) },
      });
      await stage.environment(name, { external: { connectionSecretRef: { name: `${name}-way` } } });
    }
    for (const name of ['alpha', 'beta', 'gamma']) await stage.suite(name, { onDemand: true });
    await stage.suite('closing', { last: true, onDemand: true });
    await stage.suite('breaking', { disruptive: true, onDemand: true });
    stage.startOperator();
    for (const name of ['one', 'two', 'three']) {
      await until(`${name} is ready`, async () => {
        const status = (await stage.getEnvironment(name))?.status;
        return conditionOf(status?.conditions, 'Ready')?.status === 'True';
      });
    }
  });
  after(() => stage?.stop());

  const over = (...names: string[]) => ({ moreEnvironmentRefs: names.map((name) => ({ name })) });
  const lines = (run: TestRun | undefined) =>
    run?.status?.suites?.map(({ name, environment, verdict }) => `${name} ${environment} ${verdict}`);

  async function jobOf(attempt: string) {
    const job = await stage.client.get(JOBS, { namespace: stage.namespace, name: attempt });
    const pod = job?.spec?.template?.spec;
    const env = pod?.containers?.[0]?.env?.find(({ name }) => name === 'E2E_ENVIRONMENT')?.value;
    const secret = pod?.volumes?.find(({ name }) => name === 'connection')?.secret?.secretName;
    return { env, secret };
  }

  it('gives each attempt its environment, and the way there', async () => {
    const names = ['closing', 'alpha', 'beta'];
    await stage.run('both', 'one', { ...over('two'), suites: { names } });
    await Promise.all([stage.pod('both-alpha-1'), stage.pod('both-beta-1')]);
    expect(await jobOf('both-alpha-1')).to.deep.equal({ env: 'one', secret: 'one-way' });
    expect(await jobOf('both-beta-1')).to.deep.equal({ env: 'two', secret: 'two-way' });
    expect((await stage.getReport('both-beta-1'))?.spec.environment).to.equal('two');
    await stage.report('both-alpha-1', finalReport('Passed'));
    await until('alpha has ended', async () => {
      const run = await stage.getRun('both');
      return run?.status?.suiteCounts?.finished === 1;
    });
    expect(await stage.getReport('both-closing-1'), 'while beta runs in two').to.equal(undefined);
    await stage.report('both-beta-1', finalReport('Passed'));
    await Promise.all([stage.pod('both-closing-1'), stage.pod('both-closing-two-1')]);
    expect(await jobOf('both-closing-two-1')).to.deep.equal({ env: 'two', secret: 'two-way' });
    await stage.report('both-closing-1', finalReport('Passed'));
    await stage.report('both-closing-two-1', finalReport('Failed'));
    const run = await stage.finished('both');
    expect(lines(run)).to.deep.equal([
      'closing one Passed',
      'closing-two two Failed',
      'alpha one Passed',
      'beta two Passed',
    ]);
    const history = await until('the history of the suite has both', async () => {
      const at = { namespace: stage.namespace, name: 'closing' };
      const seen = (await stage.client.get(TEST_SUITES, at))?.status?.lastVerdicts ?? [];
      return seen.length === 2 && seen.map(({ environment, verdict }) => `${environment} ${verdict}`);
    });
    expect(history).to.deep.equal(['one Passed', 'two Failed']);
  });

  it('waits for every run that is in any of its environments', async () => {
    const suites = { names: ['alpha'] };
    await stage.run('narrow', 'two', { suites });
    await stage.pod('narrow-alpha-1');
    await stage.run('broad', 'one', { ...over('two', 'three'), suites });
    await until('broad is queued', async () => (await stage.getRun('broad'))?.status?.phase === 'Queued');
    await stage.run('later', 'three', { suites });
    const queued = await until('later is queued', async () => {
      const run = await stage.getRun('later');
      return run?.status?.phase === 'Queued' && run;
    });
    expect(conditionOf(queued.status?.conditions, 'Queued')?.message).to.include('broad');
    await stage.report('narrow-alpha-1', finalReport('Passed'));
    await stage.attempt('broad-alpha-1', 'Passed');
    await stage.attempt('later-alpha-1', 'Passed');
    await stage.finished('later');
  });

  it('masks what is secret in the environment of the attempt', async () => {
    await stage.run('leaky', 'one', { ...over('two'), suites: { names: ['alpha', 'beta'] } });
    const pod = await stage.pod('leaky-beta-1');
    await stage.client.mergePatch(
      { apiVersion: 'v1', kind: 'Pod', plural: 'pods' },
      { namespace: stage.namespace, name: pod.metadata.name },
      {
        status: {
          phase: 'Failed',
          containerStatuses: [
            {
              ...{ name: 'suite', image: 'i', imageID: '', ready: false, restartCount: 0 },
              state: { terminated: { exitCode: 134, message: 'lost the-secret-of-two and x' } },
            },
          ],
        },
      },
      { subresource: 'status' },
    );
    const report = await until('the report is closed', async () => {
      const seen = await stage.getReport('leaky-beta-1');
      return seen?.status?.final === true && seen;
    });
    expect(report.status?.message).to.include('lost').and.not.include('the-secret-of-two');
    await stage.report('leaky-alpha-1', finalReport('Passed'));
    await stage.finished('leaky');
  });

  it('goes on from the report that exists, also where it would choose otherwise now', async () => {
    // An operator died between the report and the Job, when only the third environment was ready.
    const { namespace } = stage;
    const run = await stage.run('torn', 'one', {
      ...over('three'),
      suspend: true,
      suites: { names: ['alpha', 'beta'] },
    });
    await stage.client.create(TEST_REPORTS, {
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
    await stage.client.mergePatch(
      { apiVersion: run.apiVersion ?? '', kind: 'TestRun', plural: 'testruns' },
      { namespace, name: 'torn' },
      { spec: { suspend: false } },
    );
    await Promise.all([stage.pod('torn-alpha-1'), stage.pod('torn-beta-1')]);
    expect(await jobOf('torn-alpha-1')).to.deep.equal({ env: 'three', secret: 'three-way' });
    expect(await jobOf('torn-beta-1')).to.deep.equal({ env: 'one', secret: 'one-way' });
    await stage.report('torn-alpha-1', finalReport('Passed'));
    await stage.report('torn-beta-1', finalReport('Passed'));
    expect(lines(await stage.finished('torn'))).to.deep.equal(['alpha three Passed', 'beta one Passed']);
  });

  it('has no fault of an attempt in another one of its environments', async () => {
    const { namespace } = stage;
    for (const name of ['mild-a', 'mild-b']) {
      await stage.environment(name, { chart: { name: 'tiny' }, disruption: 'Allowed' });
    }
    await stage.run('rough', 'one', { ...over('mild-a', 'mild-b'), suites: { names: ['breaking'] } });
    // Nothing there ever becomes ready: the attempt that asks is the test's.
    const owner = await stage.getRun('rough');
    await stage.client.create(TEST_REPORTS, {
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
    await stage.client.create(FAULTS, {
      metadata: { namespace, name: 'wrong', labels: { 'e2e.backend.ai/report': 'rough-breaking-1' } },
      spec: { environmentRef: { name: 'mild-b' }, target: { component: 'manager' }, podDelete: {} },
    });
    const refused = await until('the fault is refused', async () => {
      const fault = await stage.client.get(FAULTS, { namespace, name: 'wrong' });
      const accepted = conditionOf(fault?.status?.conditions, 'Accepted');
      return accepted?.status === 'False' && accepted;
    });
    expect(refused).to.deep.include({ reason: 'NotPermitted' });
    expect(refused.message).to.include('runs in mild-a, not in mild-b');
    await stage.client.mergePatch(
      { apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'TestRun', plural: 'testruns' },
      { namespace, name: 'rough' },
      { spec: { cancel: true } },
    );
    await stage.finished('rough');
  });

  it('has environments that are deployed one after another, when they ask for it', async () => {
    const chart = { name: 'tiny', values: { image: 'real:1' } };
    await stage.environment('first', { chart });
    await stage.environment('second', { chart, deployAfterRef: { name: 'first' } });
    await until('the first is deployed', async () => {
      const status = (await stage.getEnvironment('first'))?.status;
      return conditionOf(status?.conditions, 'Deployed')?.status === 'True';
    });
    const waiting = await until('the second says what it waits for', async () => {
      const status = (await stage.getEnvironment('second'))?.status;
      const deployed = conditionOf(status?.conditions, 'Deployed');
      if (!deployed?.message.startsWith('waits for ')) throw new Error(JSON.stringify(status));
      return { ...deployed, deployStartedAt: status?.deployStartedAt };
    });
    expect(waiting).to.deep.include({
      status: 'Unknown',
      message: 'waits for TestEnvironment first, which is deployed first (spec.deployAfterRef)',
      deployStartedAt: undefined,
    });
    await stage.client.delete(TEST_ENVIRONMENTS, { namespace: stage.namespace, name: 'first' });
    await until('the second is deployed', async () => {
      const status = (await stage.getEnvironment('second'))?.status;
      return conditionOf(status?.conditions, 'Deployed')?.status === 'True';
    });
  });
});
