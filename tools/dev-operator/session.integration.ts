import { mkdtempSync } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEPLOYMENTS, LEASES } from '@backendai-e2e/kube/builtin-resources';
import { cachedTool, helmPath } from '@backendai-e2e/tools/envtest/cached-tool';
import { renderOperatorChartIn } from '@backendai-e2e/tools/envtest/operator-chart';
import { type Stage, startStage } from '@backendai-e2e/tools/envtest/test-environment';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';
import { OperatorEnded, runSession } from './session.ts';

describe('a session with the operator from source', function () {
  this.timeout(LAST_RESORT_MS);
  let stage: Stage;
  let folder: string;

  before(async () => {
    stage = await startStage();
    const values = ['replicas=2'];
    await stage.plane.applyYaml(
      await renderOperatorChartIn(stage.namespace, values, 'deployment.yaml', 'catalog.yaml'),
    );
    folder = path.join(mkdtempSync(path.join(tmpdir(), 'e2e-dev-')), 'dev');
  });
  after(async () => {
    await rm(path.dirname(folder), { recursive: true, force: true });
    await stage?.stop();
  });

  const at = () => ({ namespace: stage.namespace, name: 'backendai-e2e-operator' });
  const replicas = async () => (await stage.client.get(DEPLOYMENTS, at()))?.spec?.replicas;
  const session = (signal: AbortSignal, logLevel = 'fatal') =>
    runSession(
      {
        kubeconfig: stage.plane.kubeconfigPath,
        namespace: stage.namespace,
        folder,
        helm: helmPath(),
        kubectl: cachedTool('kubectl'),
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
        const lease = await stage.client.get(LEASES, at());
        return Boolean(lease?.spec?.holderIdentity);
      });
      expect(await replicas()).to.equal(0);
      // It may do what its ServiceAccount may: take up an environment.
      await stage.environment('dev');
      await until('the operator from source writes a status', async () => {
        return (await stage.getEnvironment('dev'))?.status?.observedGeneration === 1;
      });
    } finally {
      stop.abort(new Error('stopped by the test'));
      await ended;
    }
    const deployment = await stage.client.get(DEPLOYMENTS, at());
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
    await stage.client.mergePatch(DEPLOYMENTS, at(), { metadata: { annotations }, spec: { replicas: 0 } });
    await session(new AbortController().signal, 'no-such-level').catch(() => undefined);
    expect(await replicas()).to.equal(3);
  });
});
