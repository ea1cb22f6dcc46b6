import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import { DEPLOYMENTS, NAMESPACES } from '@backendai-e2e/kube/builtin-resources';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('an environment beyond the settings of the operator', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    harness.startOperator({
      environmentLimits: { images: ['team'], privilegedImages: [], hostPaths: [] },
    });
  });
  after(() => harness?.stop());

  const deployed = (name: string, is: string) =>
    until(`environment ${name}: Deployed is ${is}`, async () => {
      const { status } = (await harness.getEnvironment(name)) ?? {};
      const condition = conditionOf(status?.conditions, 'Deployed');
      if (condition?.status === is) return condition;
      throw new Error(JSON.stringify(status));
    });

  it('is not deployed, gets no namespace, and reports why; it is, once its values are allowed', async () => {
    const { client } = harness;
    await harness.environment('evil', { chart: { name: 'tiny', values: { image: 'evil.example/a:1' } } });
    const refused = await deployed('evil', 'False');
    expect(refused.reason).to.equal('NotAllowed');
    expect(refused.message).to.include('do not allow image evil.example/a:1');
    const namespace = harness.deploymentNamespace('evil');
    expect(await client.get(NAMESPACES, { name: namespace })).to.equal(undefined);
    const spec = { chart: { values: { image: 'team/a:1' } } };
    await client.mergePatch(TEST_ENVIRONMENTS, { namespace: harness.namespace, name: 'evil' }, { spec });
    await deployed('evil', 'True');
    const manager = await client.get(DEPLOYMENTS, { namespace, name: 'manager' });
    expect(manager?.spec?.template.spec?.containers[0]?.image).to.equal('team/a:1');
  });

  it('runs no suites in another image either, whether it is installed or not', async () => {
    const spec = { chart: { name: 'tiny', values: { image: 'team/a:1' } } };
    await harness.environment('suites', spec);
    await deployed('suites', 'True');
    const at = { namespace: harness.namespace, name: 'suites' };
    await harness.client.mergePatch(TEST_ENVIRONMENTS, at, { spec: { runtimeImage: 'evil.example/s:1' } });
    expect((await deployed('suites', 'False')).message).to.include('do not allow image evil.example/s:1');
    await harness.client.mergePatch(TEST_ENVIRONMENTS, at, { spec: { runtimeImage: 'team/s:1' } });
    await deployed('suites', 'True');
  });

  it('does not get there by YAML in a value', async () => {
    const image =
      'team/a:1\n          securityContext: {privileged: true}\n      hostNetwork: true\n      x:';
    await harness.environment('inject', { chart: { name: 'tiny', values: { image } } });
    const refused = await deployed('inject', 'False');
    expect(refused.reason).to.be.oneOf(['NotAllowed', 'HelmFailed']);
    const namespace = harness.deploymentNamespace('inject');
    expect(await client(namespace)).to.equal(undefined);
  });
  const client = (name: string) => harness.client.get(NAMESPACES, { name });
});
