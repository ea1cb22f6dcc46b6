import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ARTIFACT_TOKEN_SECRET } from '@backendai-e2e/api/artifact-key';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';
import { RestClient } from '@backendai-e2e/kube/rest-client';
import { pastRun, pastSuite, pastTest } from '@backendai-e2e/results/history/history-fixtures';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import {
  type RunningArtifactServer,
  startArtifactServer,
} from '@backendai-e2e/tools/envtest/servers/artifact-server';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { addToCluster, type ClusterHistory, readClusterHistory } from './cluster-history.ts';

describe('the history that the artifact server keeps', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let artifactServer: RunningArtifactServer;
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-kept-history-'));
  const clients: RestClient[] = [];

  before(async () => {
    harness = await startOperatorHarness('artifacts.store=volume');
    artifactServer = await startArtifactServer(harness, folder);
    await harness.client.create(SECRETS, {
      metadata: { namespace: harness.namespace, name: ARTIFACT_TOKEN_SECRET },
      stringData: { token: artifactServer.token },
    });
    await harness.environment('e2e');
    await harness.suite('alpha');
    harness.startOperator({ artifactServer: artifactServer.access });
  });
  after(async () => {
    for (const client of clients) await client.close();
    await harness?.stop();
    await artifactServer?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The history as a user with these verbs on the artifact server and on its Secret sees it. */
  async function historyOf(user: string, verbs: string[], secret = true): Promise<ClusterHistory> {
    const { kubeconfigPath } = await harness.user(user, [
      { apiGroups: [''], resources: ['services/proxy'], resourceNames: [artifactServer.service], verbs },
      ...(secret
        ? [
            {
              ...{ apiGroups: [''], resources: ['secrets'], resourceNames: [ARTIFACT_TOKEN_SECRET] },
              verbs: ['get'],
            },
          ]
        : []),
    ]);
    const access = loadKubeconfig({ kubeconfig: kubeconfigPath });
    const client = new RestClient(access, { fieldManager: FIELD_MANAGERS.cli });
    clients.push(client);
    const { namespace } = harness;
    const signal = new AbortController().signal;
    return { client, namespace, serverNamespace: namespace, tokenSecret: ARTIFACT_TOKEN_SECRET, signal };
  }

  async function runEnds(name: string): Promise<void> {
    await harness.run(name, 'e2e');
    await harness.attempt(`${name}-alpha-1`, 'Failed');
    await harness.finished(name);
  }

  it('has one record of each run, also when the run is deleted', async () => {
    const history = await historyOf('reader', ['get']);
    await runEnds('first');
    const [record] = await until('the record of the run is kept', async () => {
      const { lines, troubles } = await readClusterHistory(history);
      expect(troubles).to.deep.equal([]);
      return lines.length > 0 && lines;
    });
    expect(record?.record).to.deep.include({ version: 1, name: 'first', verdict: 'Failed' });
    expect(record?.record?.suites[0]?.tests[0]).to.include({ state: 'failed' });
    await harness.client.delete(TEST_RUNS, { namespace: harness.namespace, name: 'first' });
    await runEnds('second');
    const names = await until('the record of the next run is kept', async () => {
      const { lines } = await readClusterHistory(history);
      return lines.length > 1 && lines.map((line) => line.record?.name);
    });
    expect(names).to.have.members(['first', 'second']);
  });

  it('takes the runs of a folder, each once', async () => {
    const history = await historyOf('writer', ['get', 'update']);
    const old = pastRun(1, [pastSuite('s', [pastTest('one')])]);
    const lines = [{ ...old, text: JSON.stringify(old) }];
    expect(await addToCluster(history, lines)).to.deep.equal({ added: 1, troubles: [] });
    expect(await addToCluster(history, lines)).to.deep.equal({ added: 0, troubles: [] });
    const kept = await readClusterHistory(history);
    expect(kept.lines.find(({ uid }) => uid === old.uid)?.record).to.deep.equal(old);
  });

  it('is closed to those who may not read the token, and says which rights are missing', async () => {
    const history = await historyOf('stranger', ['get', 'update'], false);
    const error = await readClusterHistory(history).catch((reason: unknown) => reason);
    expect(error).to.have.property('remedy').that.contains(`"get" on the Secret ${ARTIFACT_TOKEN_SECRET}`);
  });
});
