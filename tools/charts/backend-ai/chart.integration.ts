import { JOBS, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import type { ControlPlane } from '../../envtest/control-plane/control-plane.ts';
import { sharedControlPlane } from '../../envtest/control-plane/shared-control-plane.ts';
import { CHART, E2E_VALUES, helm, IMAGES } from '../rendering/backend-ai.ts';

const NAMESPACE = 'bai-test';

describe('charts/backend-ai in a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;

  const install = (...options: string[]) =>
    helm(
      'upgrade',
      '--install',
      'test',
      CHART,
      '--namespace',
      NAMESPACE,
      '--kubeconfig',
      plane.kubeconfigPath,
      ...IMAGES,
      '--values',
      E2E_VALUES,
      ...options,
    );

  const jobs = async () => (await client.list(JOBS, { namespace: NAMESPACE })).items;

  const secrets = async () => {
    const { items } = await client.list(SECRETS, { namespace: NAMESPACE });
    return items
      .filter(({ metadata }) => metadata.name.startsWith('backend-ai-'))
      .map(({ metadata, data }) => [metadata.name, data]);
  };

  before(async () => {
    plane = await sharedControlPlane();
    client = plane.client();
    await plane.createNamespace(NAMESPACE);
  });
  after(() => plane?.stop());

  it('is accepted unchanged: no unknown field, no missing default', async () => {
    await install();
    expect(await jobs()).to.have.length(1);
    expect(await secrets()).to.have.length(2);
  });

  it('keeps passwords, keys and the finished Job when it is installed again', async () => {
    const [kept, [job]] = await Promise.all([secrets(), jobs()]);
    await install();
    expect(await secrets()).to.deep.equal(kept);
    expect((await jobs()).map(({ metadata }) => metadata.uid)).to.deep.equal([job?.metadata.uid]);
  });

  it('replaces the Job when its content changes', async () => {
    const [before] = await jobs();
    const kept = await secrets();
    await install('--set', 'bootstrap.maxConcurrentSessions=7');
    const after = await jobs();
    expect(after).to.have.length(1);
    expect(after[0]?.metadata.name).not.to.equal(before?.metadata.name);
    expect(await secrets()).to.deep.equal(kept);
  });
});
