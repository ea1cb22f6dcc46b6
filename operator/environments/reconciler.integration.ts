import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { makeTinyReady } from '@backendai-e2e/tools/envtest/operator/tiny-chart';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('TestEnvironment against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha');
    await harness.suite('modest', { needs: ['agent'] });
    harness.startOperator();
  });
  after(() => harness?.stop());

  const ready = (environment: TestEnvironment | undefined) =>
    conditionOf(environment?.status?.conditions, 'Ready');

  /** Waits until the condition Ready has that reason and says that: one reason covers several states on the way. */
  function readyIs(name: string, reason: string, says = /(?:)/): Promise<TestEnvironment> {
    return until(`environment ${name}: Ready has reason ${reason} and says ${says}`, async () => {
      const environment = await harness.getEnvironment(name);
      const condition = ready(environment);
      if (condition?.reason === reason && says.test(condition.message)) return environment;
      throw new Error(JSON.stringify(environment?.status));
    });
  }

  const tiny = { chart: { name: 'tiny', values: { image: 'real:1' } }, disruption: 'Allowed' as const };

  it('deploys the chart, says what it waits for, and is Ready when every component is', async () => {
    // Without a namespace in its spec: it is named after the environment.
    await harness.client.create(TEST_ENVIRONMENTS, {
      metadata: { name: 'full', namespace: harness.namespace },
      spec: tiny,
    });
    const all = /3 of 3 components are not ready: .*manager: 0 of 2 ready/;
    await readyIs('full', 'ComponentsNotReady', all);
    await makeTinyReady(harness.client, 'bai-full');
    const environment = await readyIs('full', 'AllReady');
    expect(environment.status).to.deep.include({
      namespace: 'bai-full',
      release: 'full',
      connectionSecret: 'full-connection',
    });
    expect(environment.status?.components).to.deep.include({
      name: 'manager',
      workload: 'Deployment/manager',
      ready: 2,
      desired: 2,
      restarts: 0,
      version: '1.2.3',
    });
    const namespace = await harness.client.get(NAMESPACES, { name: 'bai-full' });
    expect(namespace?.metadata.labels).to.include({ 'pod-security.kubernetes.io/enforce': 'privileged' });
    // The copy has the version that runs, too.
    await until('the connection has the version', async () => {
      const at = { namespace: harness.namespace, name: 'full-connection' };
      const copy = await harness.client.get(SECRETS, at);
      const content = Buffer.from(copy?.data?.['connection.json'] ?? '', 'base64').toString();
      if (content !== JSON.stringify({ namespace: 'bai-full', version: '1.2.3' }, undefined, 2))
        throw new Error(content);
      return true;
    });
  });

  it('names what was scaled by hand, repairs nothing, and fails the suites that need it', async () => {
    const at = { namespace: 'bai-full', name: 'manager' };
    await harness.client.mergePatch(DEPLOYMENTS, at, { spec: { replicas: 0 } });
    await harness.client.mergePatch(
      DEPLOYMENTS,
      at,
      { status: { replicas: 0, readyReplicas: 0, updatedReplicas: 0 } },
      { subresource: 'status' },
    );
    const scaled = /manager: 0 of 2 ready \(scaled to 0 by hand: 0 of 2 wanted\)/;
    await readyIs('full', 'ComponentsNotReady', scaled);
    await harness.run('scaled', 'full', {
      suites: { names: ['alpha', 'modest'] },
      environmentTimeoutSeconds: 1,
    });
    await harness.attempt('scaled-modest-1', 'Passed');
    const run = await harness.finished('scaled');
    expect(run.status?.suites?.map((line) => [line.name, line.verdict, line.reason])).to.deep.equal([
      ['alpha', 'Failed', 'EnvironmentNotReady'],
      ['modest', 'Passed', undefined],
    ]);
    expect(conditionOf(run.status?.conditions, 'Succeeded')).to.deep.include({
      status: 'False',
      reason: 'EnvironmentNotReady',
    });
    expect(conditionOf(run.status?.conditions, 'Succeeded')?.message).to.include('manager');
    expect(await harness.client.get(DEPLOYMENTS, at)).to.have.nested.property('spec.replicas', 0);
  });

  it('runs helm again when the values change, which takes back what was changed by hand', async () => {
    const at = { namespace: harness.namespace, name: 'full' };
    const before = await harness.getEnvironment('full');
    await harness.client.mergePatch(TEST_ENVIRONMENTS, at, { spec: { chart: { values: { replicas: 3 } } } });
    await until('the Deployment has three', async () => {
      const deployment = await harness.client.get(DEPLOYMENTS, { namespace: 'bai-full', name: 'manager' });
      return deployment?.spec?.replicas === 3;
    });
    await makeTinyReady(harness.client, 'bai-full', 3);
    const after = await readyIs('full', 'AllReady');
    expect(after.status?.valuesHash).not.to.equal(before?.status?.valuesHash);
  });

  it('says what helm said when the chart cannot be installed, and runs end because of it', async () => {
    await harness.environment('broken', { chart: { name: 'tiny', values: { image: '' } } });
    const environment = await readyIs('broken', 'HelmFailed');
    expect(ready(environment)?.message).to.include('image is needed');
    await harness.run('broken', 'broken');
    const run = await harness.finished('broken');
    expect(conditionOf(run.status?.conditions, 'Succeeded')).to.deep.include({
      status: 'False',
      reason: 'EnvironmentFailed',
    });
    const at = { namespace: harness.namespace, name: 'broken' };
    await harness.client.mergePatch(TEST_ENVIRONMENTS, at, {
      spec: { chart: { values: { image: 'real:1' } } },
    });
    await readyIs('broken', 'ComponentsNotReady');
  });

  it('says which component holds up a deployment that takes too long, and why', async () => {
    await harness.environment('stuck', { ...tiny, readyTimeoutSeconds: 1 });
    const late = /not ready 1 s after helm started: .*agent: 0 of 1 ready/;
    await readyIs('stuck', 'DeployTimedOut', late);
    await harness.run('stuck', 'stuck', { suites: { names: ['alpha'] } });
    const run = await harness.finished('stuck');
    expect(conditionOf(run.status?.conditions, 'Succeeded')).to.deep.include({ reason: 'EnvironmentFailed' });
  });

  it('gives up a deployment whose bootstrap failed for good, long before its time is over', async () => {
    const chart = { name: 'tiny', values: { image: 'real:1', backoffLimit: 0 } };
    await harness.environment('unready', { ...tiny, chart, readyTimeoutSeconds: 3600 });
    const namespace = harness.deploymentNamespace('unready');
    const [pod] = await until('the bootstrap Job has a pod', async () => {
      const labelSelector = 'batch.kubernetes.io/job-name=bootstrap';
      const { items } = await harness.client.list(PODS, { namespace, labelSelector });
      return items.length > 0 && items;
    });
    const at = { namespace, name: pod?.metadata.name ?? '' };
    await harness.client.mergePatch(PODS, at, { status: { phase: 'Failed' } }, { subresource: 'status' });
    await readyIs('unready', 'JobFailed', /cannot become ready: bootstrap: 0 of 1 .*BackoffLimitExceeded/);
    await harness.run('unready', 'unready', { suites: { names: ['alpha'] } });
    const run = await harness.finished('unready');
    expect(conditionOf(run.status?.conditions, 'Succeeded')).to.deep.include({ reason: 'EnvironmentFailed' });
  });

  it('lists the charts that exist when it names another', async () => {
    await harness.environment('unknown', { chart: { name: 'none' } });
    const environment = await readyIs('unknown', 'ChartNotFound');
    expect(ready(environment)?.message).to.equal('the operator carries no chart none; it has: tiny');
  });

  it('keeps its hands off a namespace that is not its own, also when it goes', async () => {
    await harness.plane.createNamespace('mine');
    await harness.environment('greedy', { ...tiny, namespace: 'mine' });
    expect(ready(await readyIs('greedy', 'NamespaceTaken'))?.message).to.include('mine');
    await harness.client.delete(TEST_ENVIRONMENTS, { namespace: harness.namespace, name: 'greedy' });
    await until('the environment is gone', async () => !(await harness.getEnvironment('greedy')));
    const namespace = await harness.client.get(NAMESPACES, { name: 'mine' });
    expect(namespace).to.have.nested.property('status.phase', 'Active');
  });

  it('goes with its release and namespace, and says what holds it', async () => {
    const held = { namespace: 'bai-full', name: 'held' };
    await harness.client.create(CONFIG_MAPS, { metadata: { ...held, finalizers: ['example.com/held'] } });
    await harness.client.delete(TEST_ENVIRONMENTS, { namespace: harness.namespace, name: 'full' });
    await until('it names the finalizer', async () => {
      const message = ready(await harness.getEnvironment('full'))?.message;
      return message?.includes('example.com/held') === true;
    });
    await harness.client.mergePatch(CONFIG_MAPS, held, { metadata: { finalizers: null } });
    await until('the environment is gone', async () => !(await harness.getEnvironment('full')));
    expect(await harness.client.get(NAMESPACES, { name: 'bai-full' })).to.equal(undefined);
    await until('the copied Secret is gone', async () => {
      return !(await harness.client.get(SECRETS, { namespace: harness.namespace, name: 'full-connection' }));
    });
  });

  it('is Ready at once when it is external and its Secret exists', async () => {
    await harness.environment('theirs', { external: { connectionSecretRef: { name: 'theirs' } } });
    expect(ready(await readyIs('theirs', 'ConnectionMissing'))?.message).to.include('no Secret theirs');
    await harness.client.create(SECRETS, {
      metadata: { namespace: harness.namespace, name: 'theirs' },
      data: { 'connection.json': Buffer.from('{}').toString('base64') },
    });
    expect((await readyIs('theirs', 'External')).status?.connectionSecret).to.equal('theirs');
    await harness.run('theirs', 'theirs', { suites: { names: ['alpha'] } });
    const pod = await harness.pod('theirs-alpha-1');
    const volumes = pod.spec?.volumes?.map((volume) => volume.secret?.secretName).filter(Boolean);
    expect(volumes).to.deep.equal(['theirs']);
    await harness.attempt('theirs-alpha-1', 'Passed');
    await harness.finished('theirs');
  });

  it('is deleted when no run used it for its ttlSeconds', async () => {
    await harness.environment('brief', { external: {}, ttlSeconds: 1 });
    await until('it is gone', async () => !(await harness.getEnvironment('brief')));
  });
});
