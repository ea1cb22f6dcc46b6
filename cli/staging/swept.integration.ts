import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { corePath, pathOf } from '@backendai-e2e/kube/request';
import { RestClient } from '@backendai-e2e/kube/rest-client';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import {
  type RunningArtifactServer,
  startArtifactServer,
} from '@backendai-e2e/tools/envtest/servers/artifact-server';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { untilSwept } from './swept.ts';

describe('artifacts in a bucket, before a release goes', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let artifactServer: RunningArtifactServer;
  let operator: RunningOperator;
  let client: RestClient;
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-swept-'));
  const signal = new AbortController().signal;
  const look = (deadlineMs: number) => untilSwept(client, harness.namespace, { signal, deadlineMs });

  before(async () => {
    harness = await startOperatorHarness('artifacts.store=s3', 'artifacts.s3.bucket=kept');
    artifactServer = await startArtifactServer(harness, folder);
    operator = harness.startOperator({ artifactServer: artifactServer.access });
    client = new RestClient(harness.plane.kubeConfig(), { fieldManager: FIELD_MANAGERS.cli });
    await harness.environment('ext');
    await harness.suite('alpha');
    await harness.run('done', 'ext');
    const pod = await harness.pod('done-alpha-1');
    await harness.report('done-alpha-1', finalReport('Passed'));
    await harness.podEnded(pod, 0);
    await until('it is archived', async () => {
      const report = await harness.getReport('done-alpha-1');
      return conditionOf(report?.status?.conditions, 'Archived') !== undefined;
    });
  });
  after(async () => {
    await client?.close();
    await harness?.stop();
    await artifactServer?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What of the chart the command looks at. */
  async function installed(bucket?: string): Promise<void> {
    const name = 'backendai-e2e-artifacts';
    const labels = { app: name };
    const env = [
      ...(bucket ? [{ name: 'E2E_ARTIFACTS_S3_BUCKET', value: bucket }] : []),
      { name: 'E2E_ARTIFACTS_TOKEN', valueFrom: { secretKeyRef: { name, key: 'token' } } },
    ];
    const deployments = `/apis/apps/v1/namespaces/${harness.namespace}/deployments`;
    const containers = [{ name: 'artifact-server', image: 'artifact-server:test', env }];
    const template = { metadata: { labels }, spec: { containers } };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    await client.apply(`${deployments}/${name}`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec,
    });
  }

  it('are nothing to wait for where there is no artifact server, or a volume that goes with it', async () => {
    expect(await look(0)).to.deep.equal([]);
    await installed();
    expect(await look(0)).to.deep.equal([]);
  });

  it('are named as long as they are there, and waited for when their run goes', async () => {
    await client.create(corePath(harness.namespace, 'secrets'), {
      metadata: { name: 'backendai-e2e-artifacts' },
      stringData: { token: artifactServer.token },
    });
    await installed('kept');
    expect((await look(0)).join()).to.match(/^[1-9] artifacts in the bucket kept$/);
    await client.delete(pathOf(TEST_RUNS, { namespace: harness.namespace, name: 'done' }));
    expect(await look(240_000)).to.deep.equal([]);
  });

  it('are said to be unknown when the artifact server does not answer', async () => {
    await operator.stop();
    await artifactServer.stop();
    const [line = '', ...more] = await look(0);
    expect(line).to.match(/^whatever artifacts are in the bucket kept \(.+\)$/);
    expect(more).to.deep.equal([]);
  });
});
