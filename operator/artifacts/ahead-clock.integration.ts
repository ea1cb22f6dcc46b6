import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { type FakeKubelet, startKubelet } from '@backendai-e2e/tools/envtest/doubles/fake-kubelet';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { ShiftedClock } from '@backendai-e2e/tools/envtest/doubles/shifted-clock';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { TcpProxy } from '@backendai-e2e/tools/envtest/proxies/tcp-proxy';
import {
  type RunningArtifactServer,
  startArtifactServer,
} from '@backendai-e2e/tools/envtest/servers/artifact-server';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('an operator whose clock is an hour ahead of the pods', function () {
  this.timeout(LAST_RESORT_MS);
  const folder = mkdtempSync(join(tmpdir(), 'e2e-ahead-'));
  const clock = new ShiftedClock();
  let harness: OperatorHarness;
  let kubelet: FakeKubelet;
  let server: RunningArtifactServer;
  let line: TcpProxy;

  before(async () => {
    harness = await startOperatorHarness();
    kubelet = await startKubelet(harness.plane);
    server = await startArtifactServer(harness, folder);
    line = new TcpProxy(Number(new URL(server.access.url).port));
    const url = `http://127.0.0.1:${await line.start()}`;
    await harness.environment('ext');
    await harness.suite('alpha');
    clock.move(1);
    harness.startOperator({ clock, artifactServer: { ...server.access, url } });
  });
  after(async () => {
    await harness?.stop();
    await kubelet?.stop();
    await line?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('waits for an artifact server that is away', async () => {
    await harness.run('run', 'ext', { suites: { names: ['alpha'] } });
    const pod = await harness.pod('run-alpha-1');
    await kubelet.bind(pod);
    kubelet.log(pod, 'suite', 'worth waiting for\n');
    line.refuse();
    const refused = line.accepted;
    await harness.report('run-alpha-1', finalReport('Passed'));
    await harness.podEnded(pod, 0);
    await harness.finished('run');
    await until('the operator has tried', () => line.accepted > refused);
    line.allow();
    const { status } = await harness.archived('run-alpha-1');
    expect(conditionOf(status?.conditions, 'Archived')).to.deep.include({ status: 'True' });
    expect(status?.artifacts?.map(({ name }) => name)).to.deep.equal(['suite.log', 'events.txt']);
  });
});
