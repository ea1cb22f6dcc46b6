import { conditionOf } from '@backendai-e2e/api/conditions';
import { API_VERSION, FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestEnvironmentSpec } from '@backendai-e2e/api/test-environment';
import { isForbidden } from '@backendai-e2e/kube/api-error';
import { JOBS, NAMESPACES, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import type { Access } from '@backendai-e2e/tools/envtest/control-plane/access';
import type { ControlPlane } from '@backendai-e2e/tools/envtest/control-plane/control-plane';
import { sharedControlPlane } from '@backendai-e2e/tools/envtest/control-plane/shared-control-plane';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { quietLog } from '@backendai-e2e/tools/envtest/doubles/quiet-log';
import { renderOperatorChartIn } from '@backendai-e2e/tools/envtest/operator/operator-chart';
import { helmPath } from '@backendai-e2e/tools/envtest/processes/pinned-tools';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { createOperator } from './operator.ts';

const OWN = 'operators';
const WATCHED = ['team-a', 'team-b'];
const ACCOUNT = 'backendai-e2e-operator';

describe('an operator that is limited to certain namespaces', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;
  let access: Access;
  const stop = new AbortController();
  let ended: Promise<unknown> | undefined;

  before(async () => {
    plane = await sharedControlPlane();
    client = plane.client();
    for (const name of [OWN, ...WATCHED, 'other']) await client.create(NAMESPACES, { metadata: { name } });
    const values = [`watchNamespaces={${WATCHED.join(',')}}`];
    const installed = ['rbac.yaml', 'fault-policy.yaml', 'report-policy.yaml'];
    await plane.applyYaml(await renderOperatorChartIn(OWN, values, ...installed));
    access = await plane.serviceAccount(OWN, ACCOUNT);
    ended = createOperator({
      kubeConfig: access.kubeConfig,
      kubeconfigPath: access.kubeconfigPath,
      namespace: OWN,
      watchNamespaces: WATCHED,
      chartsDir: '/nowhere',
      helm: helmPath(),
      catalog: undefined,
      identity: undefined,
      electionIdentity: 'one',
      port: 0,
      log: quietLog(),
    }).run(stop.signal);
    for (const namespace of [...WATCHED, 'other']) {
      await environment(namespace, 'ext', { external: {} });
      await client.create(TEST_SUITES, {
        metadata: { namespace, name: 'alpha' },
        spec: { files: ['a/b'], image: 'suites:test' },
      });
      await client.create(TEST_RUNS, {
        metadata: { namespace, name: 'run' },
        spec: { environmentRef: { name: 'ext' } },
      });
    }
  });
  after(async () => {
    stop.abort(new Error('stopped by the test'));
    await ended;
    await plane?.stop();
  });

  const environment = (namespace: string, name: string, spec: TestEnvironmentSpec) =>
    client.create(TEST_ENVIRONMENTS, { metadata: { namespace, name }, spec });

  it('runs in each of them, with rights there alone', async () => {
    for (const namespace of WATCHED) {
      const at = { namespace, name: 'run-alpha-1' };
      await until(`${namespace} has the Job`, () => client.get(JOBS, at));
      await client.applyStatus(
        TEST_REPORTS,
        { apiVersion: API_VERSION, metadata: at, status: finalReport('Passed') },
        { fieldManager: FIELD_MANAGERS.runner, force: true },
      );
      await until(`the run in ${namespace} has its verdict`, async () => {
        const run = await client.get(TEST_RUNS, { namespace, name: 'run' });
        return run?.status?.verdict === 'Passed';
      });
    }
  });

  it('leaves every other namespace alone, and could not do otherwise', async () => {
    const other = await client.get(TEST_RUNS, { namespace: 'other', name: 'run' });
    expect(other).not.to.equal(undefined);
    expect(other?.status).to.equal(undefined);
    const itself = new KubeClient(access.kubeConfig);
    try {
      const refused = async (call: Promise<unknown>) =>
        call.then(
          () => 'allowed',
          (error: unknown) => (isForbidden(error) ? 'refused' : String(error)),
        );
      expect(await refused(itself.list(TEST_RUNS, { namespace: 'other' }))).to.equal('refused');
      expect(await refused(itself.get(SECRETS, { namespace: 'other', name: 'x' }))).to.equal('refused');
      expect(await refused(itself.get(SECRETS, { namespace: OWN, name: 'x' }))).to.equal('refused');
      expect(await refused(itself.list(TEST_RUNS))).to.equal('refused');
      expect(await refused(itself.get(NAMESPACES, { name: 'team-a' }))).to.equal('refused');
      expect(await refused(itself.create(NAMESPACES, { metadata: { name: 'mine' } }))).to.equal('refused');
      expect(await refused(itself.get(SECRETS, { namespace: 'team-a', name: 'x' }))).to.equal('allowed');
    } finally {
      await itself.close();
    }
  });

  it('says of an environment to be deployed what to do instead, and lets it go', async () => {
    const at = { namespace: 'team-a', name: 'own' };
    await environment(at.namespace, at.name, { chart: { name: 'backend-ai' } });
    const deployed = await until('it is refused', async () => {
      const seen = await client.get(TEST_ENVIRONMENTS, at);
      const condition = conditionOf(seen?.status?.conditions, 'Deployed');
      return condition?.status === 'False' ? condition : undefined;
    });
    expect(deployed.reason).to.equal('DeploymentForbidden');
    expect(deployed.message).to.include('spec.external').and.include('watchNamespaces');
    await client.delete(TEST_ENVIRONMENTS, at);
    await until('it is gone', async () => (await client.get(TEST_ENVIRONMENTS, at)) === undefined);
  });
});
