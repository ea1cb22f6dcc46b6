import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { conditionOf } from '@backendai-e2e/api/conditions';
import type { Access } from '@backendai-e2e/tools/envtest/control-plane/access';
import { type FakeKubelet, startKubelet } from '@backendai-e2e/tools/envtest/doubles/fake-kubelet';
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
import { execa } from 'execa';
import { PROJECT_ROOT } from '../machine/provision.ts';

/** The rights that docs/rbac.md names, and no others. */
const READER = [
  {
    apiGroups: ['e2e.backend.ai'],
    resources: ['testruns', 'testreports', 'testenvironments'],
    verbs: ['get', 'list'],
  },
  { apiGroups: [''], resources: ['pods', 'events'], verbs: ['list'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
];

describe('artifacts that the command fetches through the API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let kubelet: FakeKubelet;
  let operator: RunningOperator;
  let artifactServer: RunningArtifactServer;
  let reader: Access;
  let stranger: Access;
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-fetched-'));
  const kept = path.join(folder, 'volume');

  before(async () => {
    harness = await startOperatorHarness('artifacts.store=volume');
    kubelet = await startKubelet(harness.plane);
    artifactServer = await startArtifactServer(harness, kept);
    operator = harness.startOperator({ artifactServer: artifactServer.access });
    await harness.environment('e2e');
    await harness.suite('alpha');
    const call = {
      apiGroups: [''],
      resources: ['services/proxy'],
      resourceNames: [artifactServer.service],
      verbs: ['get'],
    };
    reader = await harness.user('reader', [...READER, call]);
    stranger = await harness.user('stranger', READER);
    await ended('first');
  });
  after(async () => {
    await harness?.stop();
    await kubelet?.stop();
    await artifactServer?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the pod prints about the test of `finalReport`. */
  const log = `area/file\n✘ adds › two numbers (0.10 s)\n\nTests: 1 total\n${'a line\n'.repeat(1000)}the end\n`;

  /** Makes a run that failed and is archived. */
  async function ended(run: string): Promise<void> {
    await harness.run(run, 'e2e', { suites: { names: ['alpha'] } });
    const attempt = `${run}-alpha-1`;
    const pod = await harness.pod(attempt);
    await kubelet.bind(pod);
    kubelet.log(pod, 'suite', log);
    await harness.report(attempt, finalReport('Failed'));
    await harness.podEnded(pod, 1);
    await harness.finished(run);
    await until('it is archived', async () => {
      const report = await harness.getReport(attempt);
      return conditionOf(report?.status?.conditions, 'Archived') !== undefined;
    });
  }

  function report(run: string, out: string, as: Access) {
    const args = [
      'cli/main.ts',
      'report',
      run,
      '--out',
      path.join(folder, out),
      '--kubeconfig',
      as.kubeconfigPath,
    ];
    const env = { HOME: folder };
    return execa(process.execPath, [...args, '--namespace', harness.namespace], {
      cwd: PROJECT_ROOT,
      env,
      reject: false,
    });
  }

  it('arrive with their sums for a user who may read reports and call the artifact server', async () => {
    const { exitCode, stderr, stdout } = await report('first', 'all', reader);
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.equal(path.join(folder, 'all'));
    expect(stderr).to.contain('2 artifacts of 1 attempts fetched');
    const artifacts = path.join(folder, 'all/artifacts');
    const packed = readFileSync(path.join(artifacts, 'first-alpha-1/suite.log.gz'));
    expect(gunzipSync(packed).toString()).to.equal(log);
    expect(readFileSync(path.join(artifacts, 'first-alpha-1/events.txt'), 'utf8')).to.contain(
      'SuccessfulCreate',
    );
    await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: artifacts });
  });

  it('are refused to a user who may not call it, with the missing right', async () => {
    const { exitCode, stderr } = await report('first', 'stranger', stranger);
    expect(exitCode, stderr).to.equal(2);
    expect(stderr).to.contain(
      `first-alpha-1/suite.log: forbidden: you need "get" on services/proxy named ${artifactServer.service} in namespace ${harness.namespace}`,
    );
    expect(existsSync(path.join(folder, 'stranger/run.json'))).to.equal(true);
    expect(existsSync(path.join(folder, 'stranger/artifacts'))).to.equal(false);
  });

  it('are reported as different after a change in the volume', async () => {
    await ended('changed');
    const files = readdirSync(kept, { recursive: true, encoding: 'utf8' });
    const file = files.find((each) => each.includes('changed-alpha-1') && each.endsWith('events.txt'));
    appendFileSync(path.join(kept, file ?? ''), 'and a lie\n');
    const { exitCode, stderr } = await report('changed', 'changed', reader);
    expect(exitCode, stderr).to.equal(2);
    expect(stderr).to.match(
      /changed-alpha-1\/events\.txt differs from what was archived and is not written: its SHA-256 is \w{64}, the report has/,
    );
    expect(stderr).not.to.contain('suite.log differs');
    const artifacts = path.join(folder, 'changed/artifacts');
    expect(existsSync(path.join(artifacts, 'changed-alpha-1/events.txt'))).to.equal(false);
    await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: artifacts });
  });

  it('are reported as gone after the loss of their volume', async () => {
    await ended('gone');
    rmSync(path.join(kept, harness.namespace, 'gone-alpha-1'), { recursive: true });
    const { exitCode, stderr } = await report('gone', 'gone', reader);
    expect(exitCode, stderr).to.equal(2);
    expect(stderr).to.contain('gone-alpha-1/suite.log: the artifact server no longer has it');
  });

  it('that were never archived are named with the reason and do not fail the command', async () => {
    await harness.run('mute', 'e2e', { suites: { names: ['alpha'] } });
    const pod = await harness.pod('mute-alpha-1');
    await harness.report('mute-alpha-1', finalReport('Failed'));
    await kubelet.bind(pod);
    await harness.podEnded(pod, 1);
    await harness.finished('mute');
    await harness.archived('mute-alpha-1');
    const { exitCode, stderr } = await report('mute', 'mute', reader);
    expect(stderr).to.match(/never kept: mute-alpha-1: suite\.log not kept: read pods\/log/);
    expect(exitCode, stderr).to.equal(0);
  });

  it('are fetched from ConfigMaps if those hold them', async () => {
    await operator.stop();
    // As with artifacts.store: configMap. The operator may create ConfigMaps, and no artifact server is needed.
    const maps = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create'] }];
    await harness.grant('maps', maps, ['backendai-e2e-operator', 'stranger']);
    operator = harness.startOperator();
    await ended('small');
    const { exitCode, stderr } = await report('small', 'small', stranger);
    expect(exitCode, stderr).to.equal(0);
    const file = path.join(folder, 'small/artifacts/small-alpha-1/suite.log.gz');
    expect(gunzipSync(readFileSync(file)).toString()).to.equal(log);
  });
});
