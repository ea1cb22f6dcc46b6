import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { ARTIFACTS_PATH, pathTo } from '@backendai-e2e/api/artifact-key';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import type { Artifact, TestReport } from '@backendai-e2e/api/test-report';
import { CONFIG_MAPS, PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import { type FakeKubelet, startKubelet } from '@backendai-e2e/tools/envtest/doubles/fake-kubelet';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { makeTinyReady } from '@backendai-e2e/tools/envtest/operator/tiny-chart';
import { freePorts } from '@backendai-e2e/tools/envtest/processes/free-ports';
import { endOf } from '@backendai-e2e/tools/envtest/processes/process-end';
import { type S3Server, startS3 } from '@backendai-e2e/tools/envtest/servers/s3-server';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { request } from 'undici';
import { ARTIFACT_SERVER_ENV } from './server/settings.ts';

const TOKEN = 'a-token-of-the-tests';
/** In a Secret of the deployment, and in what its components say. */
const CANARY = 'canary-Wk93-password';
const PROGRAM = fileURLToPath(new URL('./server/main.ts', import.meta.url));

describe('what attempts leave behind, kept in a bucket', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let kubelet: FakeKubelet;
  let server: S3Server;
  let operator: RunningOperator;
  let artifactServer: ChildProcess;
  let port: number;
  /** As artifacts name the artifact server. */
  let service: string;
  /** Where the environment is deployed. */
  let deployed: string;

  before(async () => {
    harness = await startOperatorHarness('artifacts.store=s3', 'artifacts.s3.bucket=kept');
    service = `${harness.namespace}/backendai-e2e-artifacts:http`;
    deployed = harness.deploymentNamespace('tiny');
    kubelet = await startKubelet(harness.plane);
    // The API server's own certificate, which no system trusts.
    const certificates = join(harness.plane.folder, 'certificates');
    server = await startS3({
      cert: join(certificates, 'apiserver.crt'),
      key: join(certificates, 'apiserver.key'),
    });
    [port] = await freePorts();
    await startArtifactServer();
    operator = startOperator();
    await harness.suite('alpha', { needs: ['agent'] });
    await harness.environment('tiny', {
      chart: { name: 'tiny', values: { image: 'real:1', canary: CANARY } },
    });
    await makeTinyReady(harness.client, deployed);
  });
  after(async () => {
    await harness?.stop();
    await kubelet?.stop();
    await stopArtifactServer();
    await server?.end();
  });

  const startOperator = () =>
    harness.startOperator({
      artifactServer: { service, url: `http://127.0.0.1:${port}`, token: () => TOKEN },
    });

  /** Starts the program of the artifact server's image with the variables that the chart gives it. */
  async function startArtifactServer(): Promise<void> {
    const { endpoint, region, bucket, prefix, caFile = '' } = server.settings;
    artifactServer = spawn(process.execPath, [PROGRAM], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env.PATH,
        E2E_ARTIFACTS_LOG_LEVEL: 'silent',
        [ARTIFACT_SERVER_ENV.port]: String(port),
        [ARTIFACT_SERVER_ENV.token]: TOKEN,
        [ARTIFACT_SERVER_ENV.bucket]: bucket,
        [ARTIFACT_SERVER_ENV.endpoint]: endpoint,
        [ARTIFACT_SERVER_ENV.region]: region,
        [ARTIFACT_SERVER_ENV.prefix]: prefix,
        [ARTIFACT_SERVER_ENV.caFile]: caFile,
        AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      },
    });
    await until('the artifact server answers', async () => {
      const answer = await request(`http://127.0.0.1:${port}/healthz`);
      await answer.body.dump();
      return answer.statusCode === 200;
    });
  }

  async function stopArtifactServer(): Promise<void> {
    if (!artifactServer) return;
    artifactServer.kill('SIGKILL');
    await endOf(artifactServer);
  }

  /** Starts a run up to its pod on the node, with that log. */
  async function started(name: string, log: string): Promise<{ attempt: string; pod: Pod }> {
    await harness.run(name, 'tiny', { suites: { names: ['alpha'] }, environmentTimeoutSeconds: 1 });
    const attempt = `${name}-alpha-1`;
    const pod = await harness.pod(attempt);
    await kubelet.bind(pod);
    kubelet.log(pod, 'suite', log);
    return { attempt, pod };
  }

  /** What the artifact server gives of an artifact, checked against what the report says of it. */
  async function textOf(report: TestReport, name: string): Promise<string> {
    const artifact: Artifact | undefined = report.status?.artifacts?.find((each) => each.name === name);
    if (!artifact) throw new Error(`there is no ${name}: ${JSON.stringify(report.status?.artifacts)}`);
    expect(artifact.service).to.equal(service);
    const { name: of, namespace = '', uid = '' } = report.metadata;
    const path = pathTo({ namespace, report: of, uid, key: artifact.key });
    const answer = await request(`http://127.0.0.1:${port}${ARTIFACTS_PATH}/${path}`);
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    expect(artifact.bytes).to.equal(bytes.length);
    expect(artifact.sha256).to.equal(createHash('sha256').update(bytes).digest('hex'));
    return (artifact.key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  }

  /** A pod of a component on the node. */
  async function component(name: string, log: string): Promise<Pod> {
    const pod = await harness.client.create(PODS, {
      metadata: {
        name,
        namespace: deployed,
        labels: { 'app.kubernetes.io/component': name.split('-')[0] ?? '' },
      },
      spec: { containers: [{ name: 'main', image: 'real:1' }] },
    });
    await kubelet.bind(pod);
    const state = { running: { startedAt: new Date().toISOString() } };
    const main = { name: 'main', image: 'real:1', imageID: '', ready: true, restartCount: 0, state };
    await harness.podStatus(pod, { phase: 'Running', containerStatuses: [main] });
    kubelet.log(pod, 'main', log);
    return pod;
  }

  const at = (moment: Date, seconds: number) => new Date(moment.getTime() + seconds * 1000).toISOString();

  it('is more of a log than a ConfigMap takes, and no ConfigMap', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'x'.repeat(60)}`);
    const { attempt, pod } = await started('long', `${lines.join('\n')}\n`);
    await harness.report(attempt, finalReport('Passed'));
    await harness.podEnded(pod, 0);
    const report = await harness.archived(attempt);
    expect(await textOf(report, 'suite.log')).to.equal(`${lines.join('\n')}\n`);
    expect(report.status?.artifacts?.map(({ name }) => name)).to.deep.equal(['suite.log', 'events.txt']);
    expect(conditionOf(report.status?.conditions, 'Archived')).to.deep.include({
      status: 'True',
      message: `the artifact server ${service} has suite.log, events.txt`,
    });
    const own = { namespace: harness.namespace, name: attempt };
    expect(await harness.client.get(CONFIG_MAPS, own)).to.equal(undefined);
    expect((await server.keys()).some((key) => key.includes(`/${attempt}/`))).to.equal(true);
    await harness.finished('long');
  });

  it('is, of an attempt that failed, what the components said meanwhile, without secrets', async () => {
    const begin = new Date();
    await component(
      'manager-a',
      `${at(begin, -60)} long before\n${at(begin, 1)} the password is ${CANARY}\n${at(begin, 2)} it broke\n${at(begin, 600)} long after\n`,
    );
    await component('agent-0', `${at(begin, 1)} ${'y'.repeat(700 * 1024)}\n${at(begin, 2)} its end\n`);
    await component('mute-0', `${at(begin, -60)} long before\n`);
    const { attempt, pod } = await started('broken', 'the suite\n');
    const span = { startedAt: begin.toISOString(), finishedAt: at(begin, 10) };
    await harness.report(attempt, { ...finalReport('Failed'), ...span });
    await harness.podEnded(pod, 1);
    const report = await harness.archived(attempt);
    const names = report.status?.artifacts?.map(({ name }) => name);
    expect(names).to.deep.equal(['suite.log', 'events.txt', 'component-agent.log', 'component-manager.log']);
    const manager = await textOf(report, 'component-manager.log');
    expect(manager).to.match(/^── manager-a\/main\n.*the password is •••\n.*it broke\n$/);
    const agent = await textOf(report, 'component-agent.log');
    expect(agent).to.match(/^── agent-0\/main, \d+ bytes at least before this are left out\n.* its end\n$/);
    const omitted = report.status?.artifacts?.find(
      ({ name }) => name === 'component-agent.log',
    )?.omittedBytes;
    expect(omitted).to.be.greaterThan(700 * 1024);
    expect(conditionOf(report.status?.conditions, 'Archived')).to.deep.include({ status: 'True' });
    await harness.finished('broken');
  });

  it('is said to be not whole when the log of a component cannot be read', async () => {
    const deaf = await harness.client.create(PODS, {
      metadata: { name: 'deaf', namespace: deployed, labels: { 'app.kubernetes.io/component': 'deaf' } },
      spec: { containers: [{ name: 'main', image: 'real:1' }] },
    });
    await kubelet.bind(deaf);
    const state = { running: { startedAt: new Date().toISOString() } };
    const main = { name: 'main', image: 'real:1', imageID: '', ready: true, restartCount: 0, state };
    await harness.podStatus(deaf, { phase: 'Running', containerStatuses: [main] });
    const { attempt, pod } = await started('deaf', 'the suite\n');
    await harness.report(attempt, finalReport('Failed'));
    await harness.podEnded(pod, 1);
    const report = await harness.archived(attempt);
    const condition = conditionOf(report.status?.conditions, 'Archived');
    expect(condition).to.deep.include({ status: 'False', reason: 'ComponentLogUnreadable' });
    expect(condition?.message).to.match(new RegExp(`^deaf/main: read pods/log ${deployed}/deaf: `));
    expect(await textOf(report, 'suite.log')).to.equal('the suite\n');
    await harness.client.delete(PODS, { namespace: deployed, name: 'deaf' }, { gracePeriodSeconds: 0 });
  });

  it('waits for an artifact server that is away, and the run does not', async () => {
    const { attempt, pod } = await started('patient', 'worth waiting for\n');
    await stopArtifactServer();
    const startedAt = at(new Date(), -30);
    await harness.report(attempt, { ...finalReport('Passed'), startedAt });
    await harness.podEnded(pod, 0);
    const run = await harness.finished('patient');
    expect(run.status?.verdict).to.equal('Passed');
    expect(conditionOf((await harness.getReport(attempt))?.status?.conditions, 'Archived')).to.equal(
      undefined,
    );
    await startArtifactServer();
    const report = await harness.archived(attempt);
    expect(await textOf(report, 'suite.log')).to.equal('worth waiting for\n');
    // Components said something meanwhile, but nothing failed.
    expect(report.status?.artifacts?.map(({ name }) => name)).to.deep.equal(['suite.log', 'events.txt']);
  });

  it('is said to be lost, with the reason, when the bucket stays away and the Job has to end', async () => {
    const { attempt } = await started('lost', 'this is lost\n');
    await server.stop();
    const own = { namespace: harness.namespace, name: 'lost' };
    await harness.client.mergePatch(TEST_RUNS, own, { spec: { cancel: true } });
    await harness.finished('lost');
    const report = await harness.archived(attempt);
    const condition = conditionOf(report.status?.conditions, 'Archived');
    expect(condition).to.deep.include({ status: 'False', reason: 'NotStored' });
    expect(condition?.message).to.match(
      /^suite\.log, events\.txt not kept: .*502.*bucket kept.*ECONNREFUSED/,
    );
    expect(report.status?.artifacts).to.deep.equal([]);
    await server.start();
  });

  it('is adopted by the next operator when one died before it had listed it', async () => {
    const { attempt, pod } = await started('orphan', 'orphan log\n');
    await harness.report(attempt, finalReport('Passed'));
    await harness.podEnded(pod, 0);
    const report = await harness.archived(attempt);
    await harness.finished('orphan');
    await operator.stop();
    // As if it had died between the bucket and the report; the pod has gone since.
    const empty = { artifacts: [], conditions: [] };
    await harness.client.applyStatus(
      TEST_REPORTS,
      { metadata: { namespace: harness.namespace, name: attempt }, status: empty },
      { fieldManager: 'backendai-e2e-collector', force: true },
    );
    await harness.client.delete(
      PODS,
      { namespace: harness.namespace, name: pod.metadata.name },
      { gracePeriodSeconds: 0 },
    );
    const before = await server.keys();
    operator = startOperator();
    const again = await harness.archived(attempt);
    expect(again.status?.artifacts).to.deep.equal(report.status?.artifacts);
    expect(await textOf(again, 'suite.log')).to.equal('orphan log\n');
    expect(await server.keys()).to.have.members(before);
  });

  it('goes with its run, also when that was deleted while no operator led', async () => {
    const left = async (run: string) =>
      (await server.keys()).filter((key) => key.includes(`/${run}-alpha-1/`));
    expect(await left('broken')).not.to.deep.equal([]);
    await harness.client.delete(TEST_RUNS, { namespace: harness.namespace, name: 'broken' });
    await until('its artifacts are gone', async () => (await left('broken')).length === 0);
    expect(await left('long')).not.to.deep.equal([]);
    await operator.stop();
    await harness.client.delete(TEST_RUNS, { namespace: harness.namespace, name: 'long' });
    await until('its report is gone', async () => !(await harness.getReport('long-alpha-1')));
    operator = startOperator();
    await until('its artifacts are gone', async () => (await left('long')).length === 0);
    expect(await left('patient')).not.to.deep.equal([]);
  });
});
