import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import type { Artifact, TestReport } from '@backendai-e2e/api/test-report';
import { CONFIG_MAPS, EVENTS, JOBS, type Pod, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { type FakeKubelet, startKubelet } from '@backendai-e2e/tools/envtest/doubles/fake-kubelet';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

const CANARY = 'canary-Zx81-secret';

describe('what an attempt leaves behind', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let kubelet: FakeKubelet;
  let operator: RunningOperator;

  before(async () => {
    harness = await startOperatorHarness();
    kubelet = await startKubelet(harness.plane);
    const connection = { namespace: 'x', accounts: { admin: { password: CANARY } } };
    await harness.client.create(SECRETS, {
      metadata: { namespace: harness.namespace, name: 'way' },
      stringData: { 'connection.json': JSON.stringify(connection) },
    });
    await harness.environment('ext', { external: { connectionSecretRef: { name: 'way' } } });
    await harness.suite('alpha');
    operator = harness.startOperator();
  });
  after(async () => {
    await harness?.stop();
    await kubelet?.stop();
  });

  /** Starts a run up to its pod on the node, with that log. */
  async function started(name: string, log: string): Promise<{ attempt: string; pod: Pod }> {
    await harness.run(name, 'ext', { suites: { names: ['alpha'] } });
    const attempt = `${name}-alpha-1`;
    const pod = await harness.pod(attempt);
    await kubelet.bind(pod);
    kubelet.log(pod, 'suite', log);
    return { attempt, pod };
  }

  /** The stored bytes of an artifact, checked against what the report says of them. */
  async function bytesOf(artifact: Artifact | undefined): Promise<Buffer> {
    if (!artifact) throw new Error('there is no such artifact');
    const at = { namespace: harness.namespace, name: artifact.configMap ?? '' };
    const configMap = await harness.client.get(CONFIG_MAPS, at);
    const packed = configMap?.binaryData?.[artifact.key];
    const bytes = packed ? Buffer.from(packed, 'base64') : Buffer.from(configMap?.data?.[artifact.key] ?? '');
    expect(artifact.bytes).to.equal(bytes.length);
    expect(artifact.sha256).to.equal(createHash('sha256').update(bytes).digest('hex'));
    return bytes;
  }

  const artifact = (report: TestReport, name: string) =>
    report.status?.artifacts?.find((candidate) => candidate.name === name);

  it('is kept with its sums: the log without secrets, and the events of its Job and pod', async () => {
    const { attempt, pod } = await started('kept', `first line\npassword is ${CANARY}\nlast line\n`);
    await harness.client.create(EVENTS, {
      metadata: { namespace: harness.namespace, name: 'told' },
      involvedObject: { kind: 'Pod', namespace: harness.namespace, name: pod.metadata.name },
      type: 'Warning',
      reason: 'FailedMount',
      message: 'the volume is late',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 3,
    });
    await harness.report(attempt, finalReport('Failed'));
    await harness.finished('kept');
    await harness.podEnded(pod, 1);
    const report = await harness.archived(attempt);
    const log = gunzipSync(await bytesOf(artifact(report, 'suite.log'))).toString();
    expect(log).to.match(/first line\n.*\nlast line\n$/);
    expect(log).not.to.include(CANARY);
    const events = (await bytesOf(artifact(report, 'events.txt'))).toString();
    expect(events).to.match(/Warning FailedMount Pod\/kept-alpha-1-.*: the volume is late \(x3\)/);
    expect(events).to.match(/SuccessfulCreate Job\/kept-alpha-1/);
    const condition = conditionOf(report.status?.conditions, 'Archived');
    expect(condition).to.deep.include({ status: 'True', reason: 'Archived', observedGeneration: 1 });
    expect(report.status).to.deep.include({ final: true, verdict: 'Failed' });
  });

  it('is the end of a log that is longer than what is kept', async () => {
    const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index} ${'x'.repeat(60)}`);
    const { attempt, pod } = await started('long', `${lines.join('\n')}\n`);
    await harness.report(attempt, finalReport('Passed'));
    await harness.podEnded(pod, 0);
    const found = artifact(await harness.archived(attempt), 'suite.log');
    const text = gunzipSync(await bytesOf(found)).toString();
    expect(text.endsWith(`${lines.at(-1)}\n`)).to.equal(true);
    expect(text).to.match(/^line \d+ x/);
    expect(Buffer.byteLength(text)).to.be.within(250 * 1024, 256 * 1024);
    // As much as was seen of the log, without what is kept of it.
    expect(found?.omittedBytes).to.be.at.least(256 * 1024);
    await harness.finished('long');
  });

  it('is kept before the Job of a cancelled run is ended', async () => {
    const { attempt } = await started('cancelled', 'it was here\n');
    const at = { namespace: harness.namespace, name: 'cancelled' };
    await harness.client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } });
    await harness.finished('cancelled');
    const report = await harness.archived(attempt);
    expect(gunzipSync(await bytesOf(artifact(report, 'suite.log'))).toString()).to.equal('it was here\n');
    expect(report.status).to.deep.include({ verdict: 'Interrupted', reason: 'Cancelled' });
    await until('the Job is gone', async () => {
      return !(await harness.client.get(JOBS, { namespace: harness.namespace, name: attempt }));
    });
  });

  it('says that the log could not be read, and keeps the events', async () => {
    await harness.run('mute', 'ext', { suites: { names: ['alpha'] } });
    const pod = await harness.pod('mute-alpha-1');
    await kubelet.bind(pod);
    await harness.podEnded(pod, 137, 'OOMKilled');
    const report = await harness.archived('mute-alpha-1');
    expect(report.status).to.deep.include({ final: true, reason: 'OOMKilled' });
    const condition = conditionOf(report.status?.conditions, 'Archived');
    expect(condition).to.deep.include({ status: 'False', reason: 'LogUnreadable' });
    expect(condition?.message).to.include(`read pods/log ${harness.namespace}/mute-alpha-1`);
    expect(report.status?.artifacts?.map(({ name }) => name)).to.deep.equal(['events.txt']);
    await harness.finished('mute');
  });

  it('is kept when a kubelet that was in trouble answers again', async () => {
    const { attempt, pod } = await started('patient', 'worth waiting for\n');
    kubelet.broken = true;
    await harness.report(attempt, finalReport('Passed'));
    await harness.podEnded(pod, 0);
    const asked = () => kubelet.asked.filter(({ pod: name }) => name === pod.metadata.name).length;
    await until('the kubelet was asked as often as a request is repeated', () => asked() >= 3);
    await harness.finished('patient');
    expect((await harness.getReport(attempt))?.status?.conditions).to.equal(undefined);
    kubelet.broken = false;
    const look = () => harness.archived(attempt);
    const report = await until('it is archived', look);
    const text = gunzipSync(await bytesOf(artifact(report, 'suite.log'))).toString();
    expect(text).to.equal('worth waiting for\n');
  });

  it('is kept, and the Job ended, by the next operator when one died after it had closed the report', async () => {
    const { attempt } = await started('orphan', 'orphan log\n');
    await until('it runs', async () => (await harness.getRun('orphan'))?.status?.phase === 'Running');
    await operator.stop();
    const at = { namespace: harness.namespace, name: attempt };
    // What the operator writes when a run is cancelled, just before it ends the Job.
    const status = { final: true, verdict: 'Interrupted' as const, reason: 'Cancelled', message: 'x' };
    await harness.client.applyStatus(
      TEST_REPORTS,
      { metadata: at, status: { ...status, finishedAt: new Date().toISOString() } },
      { fieldManager: FIELD_MANAGERS.operator, force: true },
    );
    operator = harness.startOperator();
    await until('the Job is gone', async () => !(await harness.client.get(JOBS, at)));
    const report = await harness.archived(attempt);
    expect(gunzipSync(await bytesOf(artifact(report, 'suite.log'))).toString()).to.equal('orphan log\n');
    expect(report.status).to.deep.include({ final: true, reason: 'Cancelled' });
  });

  it('goes with its run', async () => {
    await harness.client.delete(TEST_RUNS, { namespace: harness.namespace, name: 'kept' });
    const at = { namespace: harness.namespace, name: 'kept-alpha-1' };
    await until('the ConfigMap is gone', async () => !(await harness.client.get(CONFIG_MAPS, at)));
  });
});
