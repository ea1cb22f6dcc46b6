import { mkdtempSync } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEPLOYMENTS, LEASES } from '@backendai-e2e/kube/builtin-resources';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { renderOperatorChartIn } from '@backendai-e2e/tools/envtest/operator/operator-chart';
import { helmPath, pinnedTool } from '@backendai-e2e/tools/envtest/processes/pinned-tools';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { OperatorEnded, runSession } from './session.ts';

describe('a session with the operator from source', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let folder: string;

  before(async () => {
    harness = await startOperatorHarness();
    const values = ['replicas=2'];
    await harness.plane.applyYaml(
      await renderOperatorChartIn(harness.namespace, values, 'deployment.yaml', 'catalog.yaml'),
    );
    folder = path.join(mkdtempSync(path.join(tmpdir(), 'e2e-dev-')), 'dev');
  });
  after(async () => {
    await rm(path.dirname(folder), { recursive: true, force: true });
    await harness?.stop();
  });

  const at = () => ({ namespace: harness.namespace, name: 'backendai-e2e-operator' });
  const replicas = async () => (await harness.client.get(DEPLOYMENTS, at()))?.spec?.replicas;
  const session = (signal: AbortSignal, logLevel = 'fatal') =>
    runSession(
      {
        kubeconfig: harness.plane.kubeconfigPath,
        namespace: harness.namespace,
        folder,
        helm: helmPath(),
        kubectl: pinnedTool('kubectl'),
        watch: false,
        logLevel,
      },
      { log: () => {}, signal, cacheDir: folder },
    );

  it('takes the place of the operator in the cluster, works, and gives the place back', async () => {
    const stop = new AbortController();
    const ended = session(stop.signal);
    ended.catch(() => undefined);
    try {
      await until('the operator from source leads', async () => {
        const lease = await harness.client.get(LEASES, at());
        return Boolean(lease?.spec?.holderIdentity);
      });
      expect(await replicas()).to.equal(0);
      // It may do what its ServiceAccount may: take up an environment.
      await harness.environment('dev');
      await until('the operator from source writes a status', async () => {
        return (await harness.getEnvironment('dev'))?.status?.observedGeneration === 1;
      });
    } finally {
      stop.abort(new Error('stopped by the test'));
      await ended;
    }
    const deployment = await harness.client.get(DEPLOYMENTS, at());
    expect(deployment?.spec?.replicas).to.equal(2);
    expect(Object.keys(deployment?.metadata.annotations ?? {}).join()).not.to.contain('dev');
    expect(
      await access(folder).then(
        () => 'there',
        () => 'gone',
      ),
      'its credentials',
    ).to.equal('gone');
  });

  it('gives the place back when the operator cannot start', async () => {
    const error: unknown = await session(new AbortController().signal, 'no-such-level').catch(
      (e: unknown) => e,
    );
    expect(error).to.be.instanceOf(OperatorEnded);
    expect(await replicas()).to.equal(2);
  });

  it('restores the replicas that a killed session noted', async () => {
    const annotations = { 'e2e.backend.ai/replicas-before-dev': '3' };
    await harness.client.mergePatch(DEPLOYMENTS, at(), { metadata: { annotations }, spec: { replicas: 0 } });
    await session(new AbortController().signal, 'no-such-level').catch(() => undefined);
    expect(await replicas()).to.equal(3);
  });
});
