import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { JOBS, PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { startKubelet } from '@backendai-e2e/tools/envtest/doubles/fake-kubelet';
import { waitingPodStatus } from '@backendai-e2e/tools/envtest/doubles/pod-status';
import { ShiftedClock } from '@backendai-e2e/tools/envtest/doubles/shifted-clock';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { isLate } from '@backendai-e2e/tools/envtest/operator/late-api';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

type Quota = KubeObject & { spec: { hard: Record<string, string> } };
const QUOTAS: Resource<Quota> = { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas' };

describe('TestReport against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let operator: RunningOperator;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha');
    operator = harness.startOperator();
  });
  after(() => harness?.stop());

  /** Starts a run of its own environment up to its pod. */
  async function started(name: string): Promise<{ pod: Pod; attempt: string }> {
    await harness.environment(name);
    await harness.run(name, name, { suites: { names: ['alpha'] } });
    const attempt = `${name}-alpha-1`;
    const pod = await harness.pod(attempt);
    await until(
      'the run says Running',
      async () => (await harness.getRun(name))?.status?.phase === 'Running',
    );
    return { pod, attempt };
  }

  async function closed(attempt: string): Promise<NonNullable<TestReport['status']>> {
    return until(`${attempt} is closed`, async () => {
      const report = await harness.getReport(attempt);
      return report?.status?.final === true && report.status;
    });
  }

  const terminated: [string, number, string, string][] = [
    ['oom', 137, 'OOMKilled', 'OOMKilled'],
    ['crash', 139, 'Error', 'RunnerEnded'],
    ['unable', 2, 'Error', 'CouldNotRun'],
    ['silent', 0, 'Completed', 'NoFinalReport'],
  ];
  for (const [name, exitCode, said, reason] of terminated) {
    it(`closes it as ${reason} when the pod ended with code ${exitCode} (${said}) and no final report`, async () => {
      const { pod, attempt } = await started(name);
      await harness.podEnded(pod, exitCode, said);
      const status = await closed(attempt);
      expect(status).to.deep.include({ verdict: 'Interrupted', reason });
      expect(status.message).to.include(`exit code ${exitCode}`);
      const run = await harness.finished(name);
      expect(run.status?.suites?.[0]).to.deep.include({ verdict: 'Interrupted', reason });
    });
  }

  it('ends a Job whose suite ended with code 128, before another pod runs it again', async () => {
    const { pod, attempt } = await started('git');
    await harness.podEnded(pod, 128, 'Error');
    expect(await closed(attempt)).to.deep.include({ verdict: 'Interrupted', reason: 'RunnerEnded' });
    const at = { namespace: harness.namespace, name: attempt };
    await until('the Job is gone', async () => !(await harness.client.get(JOBS, at)));
    await harness.finished('git');
  });

  it('says within seconds that the API server refuses the pod', async () => {
    const quota = { namespace: harness.namespace, name: 'full' };
    await harness.client.create(QUOTAS, { metadata: quota, spec: { hard: { pods: '0' } } });
    // No quota controller runs here.
    const status = { hard: { pods: '0' }, used: { pods: '0' } };
    await harness.client.mergePatch(QUOTAS, quota, { status }, { subresource: 'status' });
    try {
      await harness.environment('refused');
      await harness.run('refused', 'refused', { suites: { names: ['alpha'] } });
      const hint = await until('the report says what refuses the pod', async () => {
        const report = await harness.getReport('refused-alpha-1');
        return report?.status?.conditions?.find(({ reason }) => reason === 'FailedCreate');
      });
      expect(hint.message).to.match(/cannot create its pod: .*quota/);
    } finally {
      await harness.client.delete(QUOTAS, quota);
    }
  });

  it('closes it whatever characters the pod said at its end', async () => {
    const { pod, attempt } = await started('odd-characters');
    const message = 'could not read \u007f\u0080\u009f\u2028\ufeff';
    await harness.podEnded(pod, 2, 'Error', message);
    expect((await closed(attempt)).message).to.include(message);
    expect((await harness.finished('odd-characters')).status?.suites?.[0]?.reason).to.equal('CouldNotRun');
  });

  it('keeps what the reporter had written', async () => {
    const { pod, attempt } = await started('partial');
    const counts = { total: 3, passed: 1, failed: 0, pending: 0, interrupted: 2 };
    await harness.report(attempt, {
      startedAt: new Date().toISOString(),
      counts,
      tests: [{ id: 'one', file: 'area/file', title: 'first', state: 'passed', seconds: 1 }],
    });
    await harness.podEnded(pod, 137, 'OOMKilled');
    const status = await closed(attempt);
    expect(status.tests).to.have.length(1);
    expect((await harness.finished('partial')).status?.counts).to.deep.include(counts);
  });

  it('distinguishes an eviction from a failure', async () => {
    const { pod, attempt } = await started('evicted');
    await harness.podStatus(pod, {
      phase: 'Failed',
      conditions: [
        {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'EvictionByEvictionAPI',
          message: 'the node is drained',
          lastTransitionTime: new Date().toISOString(),
        },
      ],
    });
    expect(await closed(attempt))
      .to.have.property('message')
      .that.includes('the node is drained');
    expect((await harness.finished('evicted')).status?.suites?.[0]?.reason).to.equal('Evicted');
  });

  it('says that the Job vanished, and does not run it again', async () => {
    const { attempt } = await started('vanished');
    await harness.client.delete(JOBS, { namespace: harness.namespace, name: attempt });
    const run = await harness.finished('vanished');
    expect(run.status?.suites?.[0]).to.deep.include({ verdict: 'Interrupted', reason: 'JobVanished' });
    expect(await harness.client.get(JOBS, { namespace: harness.namespace, name: attempt })).to.equal(
      undefined,
    );
  });

  it('says that the pod vanished', async () => {
    const { pod, attempt } = await started('podless');
    const { name } = pod.metadata;
    await harness.client.delete(PODS, { namespace: harness.namespace, name });
    await harness.podEnded(pod, 143);
    expect(await closed(attempt)).to.deep.include({ reason: 'PodVanished' });
    await harness.finished('podless');
  });

  it('gives up an image that cannot exist, and ends the Job', async () => {
    const { pod, attempt } = await started('image');
    await harness.podStatus(pod, waitingPodStatus('ErrImageNeverPull', 'Container image is not present'));
    await until('the report says what holds it', async () => {
      const report = await harness.getReport(attempt);
      return report?.status?.conditions?.some(({ reason }) => reason === 'ErrImageNeverPull');
    });
    const run = await harness.finished('image');
    expect(run.status?.suites?.[0]).to.deep.include({ reason: 'ErrImageNeverPull' });
    await until('the Job is gone', async () => {
      return !(await harness.client.get(JOBS, { namespace: harness.namespace, name: attempt }));
    });
  });

  describe('when a temporary state does not end', () => {
    const clock = new ShiftedClock();
    let patient: RunningOperator;
    let moved = 0;
    /** To the next hour: long after whatever was to pass. */
    const later = () => {
      moved += 1;
      clock.move(1);
    };

    before(async () => {
      await operator.stop();
      patient = harness.startOperator({ clock });
    });
    afterEach(() => {
      clock.move(-moved);
      moved = 0;
    });
    after(async () => {
      await patient.stop();
      operator = harness.startOperator();
    });

    it('a missing image: first awaited, then given up with the message of the registry', async () => {
      const { pod, attempt } = await started('pull');
      const message = 'Back-off pulling image "suites:test": not found';
      await harness.podStatus(pod, waitingPodStatus('ImagePullBackOff', message));
      await until('the report says what holds it', async () => {
        const report = await harness.getReport(attempt);
        return report?.status?.final !== true && hintOf(report)?.reason === 'ImagePullBackOff';
      });
      expect((await harness.getRun('pull'))?.status?.phase).to.equal('Running');
      later();
      await touch(pod);
      const line = (await harness.finished('pull')).status?.suites?.[0];
      expect(line).to.deep.include({ verdict: 'Interrupted', reason: 'ImagePullBackOff' });
      expect(line?.message).to.match(/container suite waits \(ImagePullBackOff\).*"suites:test": not found/);
      const at = { namespace: harness.namespace, name: attempt };
      await until('the Job is gone', async () => !(await harness.client.get(JOBS, at)));
    });

    it('a pod on a lost node: given up after a while', async () => {
      const { pod, attempt } = await started('node');
      const { name } = pod.metadata;
      const kubelet = await startKubelet(harness.plane);
      await kubelet.bind(pod);
      await kubelet.stop();
      await harness.podStatus(pod, {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'False', reason: 'NodeLost' }],
      });
      // As the taint manager does it; the kubelet that would end the pod is not there.
      await harness.client.delete(PODS, { namespace: harness.namespace, name });
      await until('the pod is being deleted', async () => {
        const now = await harness.client.get(PODS, { namespace: harness.namespace, name });
        return now?.metadata.deletionTimestamp !== undefined;
      });
      expect((await harness.getReport(attempt))?.status?.final).not.to.equal(true);
      later();
      await touch(pod);
      const line = (await harness.finished('node')).status?.suites?.[0];
      expect(line).to.deep.include({ verdict: 'Interrupted', reason: 'NodeLost' });
      expect(line?.message).to.match(/was deleted at .* and still exists: pod node-alpha-1-\w+ is Running/);
    });

    const hintOf = (report: TestReport | undefined) =>
      report?.status?.conditions?.find(({ type }) => type === 'Started');
    /** A change that says nothing, so that the pod is looked at. */
    const touch = ({ metadata: { name } }: Pod) =>
      harness.client.mergePatch(
        PODS,
        { namespace: harness.namespace, name },
        { metadata: { annotations: { touched: 'now' } } },
      );
  });

  it('never overwrites a final report', async () => {
    const { pod, attempt } = await started('both');
    await harness.report(attempt, { final: true, verdict: 'Passed' });
    await harness.podEnded(pod, 1);
    const run = await harness.finished('both');
    expect(run.status?.verdict).to.equal('Passed');
    expect(await harness.getReport(attempt)).to.have.nested.property('status.verdict', 'Passed');
  });

  it('comes to an end however many others write to it', async function () {
    // As in operator/runs/reconciler.integration.ts.
    if (isLate()) this.skip();
    const { attempt } = await started('storm');
    const at = { namespace: harness.namespace, name: attempt };
    let on = true;
    const storm = Promise.all(
      ['one', 'two', 'three'].map(async (key) => {
        for (let count = 0; on; count += 1) {
          const annotations = { [key]: String(count) };
          await harness.client.mergePatch(TEST_REPORTS, at, { metadata: { annotations } });
        }
      }),
    );
    await harness.client.delete(JOBS, at);
    const status = await closed(attempt).finally(() => {
      on = false;
    });
    await storm;
    expect(status.reason).to.equal('JobVanished');
    await harness.finished('storm');
  });
});
