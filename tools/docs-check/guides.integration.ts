import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FIELD_MANAGERS, LABELS } from '@backendai-e2e/api/group';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { corePath } from '@backendai-e2e/kube/request';
import { RestClient } from '@backendai-e2e/kube/rest-client';
import { expect } from 'chai';
import { execa } from 'execa';
import { type ControlPlane, startControlPlane } from '../envtest/control-plane/control-plane.ts';
import { type FakeKubelet, startKubelet } from '../envtest/doubles/fake-kubelet.ts';
import { finalReport } from '../envtest/doubles/final-report.ts';
import { harnessIn, type OperatorHarness } from '../envtest/operator/harness.ts';
import { RunnerDouble } from '../envtest/operator/runner-double.ts';
import { pinnedTool } from '../envtest/processes/pinned-tools.ts';
import { type RunningArtifactServer, startArtifactServer } from '../envtest/servers/artifact-server.ts';
import { LAST_RESORT_MS, until } from '../envtest/waits/until.ts';
import { guideCommands, runHere } from './guide-lines.ts';

const NAMESPACE = 'backendai-e2e';
/** Of the environment that the runs are in. */
const DEPLOYED = 'bai-e2e';
const BROKEN = 'nightly-29387412-storage-file-upload-1';

const lines = runHere(await guideCommands());
/** The commands that set up the cluster for the others, in order. */
const PREPARING = [
  /^kubectl create namespace/,
  /^helm upgrade --install/,
  /^helm|^kubectl (create|apply)/,
  /print-rights/,
];
const rank = (text: string) => PREPARING.findIndex((one) => one.test(text));
const preparing = lines.filter(({ text }) => rank(text) >= 0).sort((a, b) => rank(a.text) - rank(b.text));
const using = lines.filter(({ text }) => rank(text) < 0);

describe('every command of the guides that needs no Docker, against a real API server', function () {
  // Each is a process or several; a busy machine takes its time to start them.
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let harness: OperatorHarness | undefined;
  let kubelet: FakeKubelet;
  let artifactServer: RunningArtifactServer;
  let player: RunnerDouble;
  let client: RestClient;
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-guides-'));

  before(async () => {
    // One of its own: the commands install the CRDs.
    plane = await startControlPlane({ controllerManager: true });
    client = new RestClient(plane.kubeConfig(), { fieldManager: FIELD_MANAGERS.cli });
    await plane.createNamespace('backend-ai');
    for (const each of ['charts', 'docs', 'Makefile'])
      symlinkSync(path.join(PROJECT_ROOT, each), path.join(folder, each));
    // The checkout's own, but what it writes goes here.
    writeFileSync(path.join(folder, 'e2e'), `#!/bin/sh\nexec ${PROJECT_ROOT}/e2e "$@"\n`);
    chmodSync(path.join(folder, 'e2e'), 0o755);
    mkdirSync(path.join(folder, 'bin'));
    for (const tool of ['helm', 'kubectl'] as const)
      symlinkSync(pinnedTool(tool), path.join(folder, 'bin', tool));
    writeFileSync(path.join(folder, 'ca.crt'), 'a certificate\n');
  });
  after(async () => {
    await player?.stop();
    await client?.close();
    await (harness ?? plane)?.stop();
    await kubelet?.stop();
    await artifactServer?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function typed(text: string, codes: readonly number[]): Promise<void> {
    const line = text.replaceAll('<name>', 'nightly-29385972');
    const env = { KUBECONFIG: plane.kubeconfigPath, HOME: folder, PATH: `${folder}/bin:${process.env.PATH}` };
    const cache = process.env.E2E_CACHE_DIR ?? path.join(process.env.HOME ?? '', '.cache/backendai-e2e');
    const { exitCode, all } = await execa('sh', ['-c', line], {
      cwd: folder,
      env: { ...env, E2E_CACHE_DIR: cache },
      all: true,
      reject: false,
    });
    expect(codes, `${line}\n${all}`).to.include(exitCode);
  }

  /** Plays the controllers of a deployment's workloads, which run nowhere here. */
  async function deployed(): Promise<void> {
    const status = async (resource: string, body: object) => {
      const at = `/apis/apps/v1/namespaces/${DEPLOYED}/${resource}`;
      await until(`${resource} is there`, () => client.get(at));
      await client.mergePatch(`${at}/status`, { status: body });
    };
    await status('deployments/manager', { replicas: 2, readyReplicas: 2, updatedReplicas: 2 });
    await status('statefulsets/agent', { replicas: 1, readyReplicas: 1, updatedReplicas: 1 });
    const pods = corePath(DEPLOYED, 'pods');
    const bootstrap = await until('the bootstrap Job has a pod', async () => {
      const query = { labelSelector: 'batch.kubernetes.io/job-name=bootstrap' };
      const { items } = await client.get<{ items: { metadata: { name: string } }[] }>(pods, query);
      return items[0]?.metadata.name;
    });
    await client.mergePatch(`${pods}/${bootstrap}/status`, { status: { phase: 'Succeeded' } });
    const labels = { 'app.kubernetes.io/component': 'manager' };
    const manager = { metadata: { name: 'manager-a', namespace: DEPLOYED, labels } };
    await client.create(pods, { ...manager, spec: { containers: [{ name: 'main', image: 'real:1' }] } });
    await kubelet.bind({ metadata: manager.metadata });
    kubelet.log({ metadata: manager.metadata }, 'main', 'the manager said something\n');
  }

  it('finds commands of each sort', () => {
    expect(preparing.length).to.be.greaterThan(5);
    expect(using.filter(({ text }) => text.startsWith('./e2e ')).length).to.be.greaterThan(12);
  });

  for (const { text, codes } of preparing) it(text, () => typed(text, codes));

  describe('beside an operator', () => {
    before(async () => {
      harness = await harnessIn(plane, NAMESPACE);
      kubelet = await startKubelet(plane);
      await harness.waitForServiceAccount(NAMESPACE);
      artifactServer = await startArtifactServer(harness, path.join(folder, 'volume'));
      harness.startOperator({ artifactServer: artifactServer.access });
      player = new RunnerDouble(harness, kubelet, (attempt) => ({
        report: finalReport(attempt === BROKEN ? 'Failed' : 'Passed'),
        log: `area/file\n${attempt === BROKEN ? '✘' : '✔'} adds › two numbers (0.10 s)\n\nTests: 1 total\n`,
      }));
      player.start();
      const chart = { name: 'tiny', values: { image: 'real:1' } };
      await harness.environment('e2e', { chart, namespace: DEPLOYED });
      await deployed();
      await harness.suite('storage-file-upload', {}, { [LABELS.area]: 'storage' });
      await harness.suite('session-lifecycle-create-session', {}, { [LABELS.area]: 'session-lifecycle' });
      for (const run of ['e2e-a1b2c', 'e2e-d3e4f', 'nightly-29385972', 'nightly-29387412']) {
        await harness.run(run, 'e2e');
        await harness.finished(run);
      }
    });

    for (const { text, codes } of using) it(text, () => typed(text, codes));
  });
});
