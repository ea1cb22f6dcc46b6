import { conditionOf } from '@backendai-e2e/api/conditions';
import type { DeploymentChange } from '@backendai-e2e/api/test-report';
import { isConflict } from '@backendai-e2e/kube/api-error';
import { JOBS, PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** Keeps a pod that is deleted, as a node does while its processes end. No kubelet runs here. */
const HELD = 'e2e.backend.ai/held-by-test';
const DRAINED: DeploymentChange[] = [{ undo: 'ScheduleAgent', subject: 'i-agent-1' }];

describe('what an attempt left changed in the deployment, against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let operator: RunningOperator;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha', { invasive: true });
    operator = harness.startOperator();
  });
  after(() => harness?.stop());

  /** An attempt whose pod runs, and which has noted its changes. */
  async function changed(name: string) {
    await harness.environment(name, { external: {}, invasiveSuites: 'Allowed' });
    await harness.run(name, name, { suites: { names: ['alpha'] } });
    const attempt = `${name}-alpha-1`;
    const pod = await harness.pod(attempt);
    await harness.report(attempt, { startedAt: new Date().toISOString(), changes: DRAINED });
    return { attempt, pod, undo: `${attempt}-undo` };
  }
  const undone = (attempt: string) =>
    until(`the condition Undone of ${attempt}`, async () =>
      conditionOf((await harness.getReport(attempt))?.status?.conditions, 'Undone'),
    );

  /** Lets a held pod go. The Job's controller may change its finalizers meanwhile. */
  const released = (pod: Pod) =>
    until('the pod is no longer held', async () => {
      const seen = await harness.client.get(PODS, pod.metadata);
      const { finalizers = [], resourceVersion } = seen?.metadata ?? {};
      if (!finalizers.includes(HELD)) return true;
      const rest = { finalizers: finalizers.filter((each) => each !== HELD), resourceVersion };
      try {
        await harness.client.mergePatch(PODS, pod.metadata, { metadata: rest });
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
      return undefined;
    });

  it('is undone by a Job when the pod died, before the attempt ends', async () => {
    const { attempt, pod, undo } = await changed('killed');
    await harness.podEnded(pod, 137, 'OOMKilled');
    const own = await harness.pod(undo);
    const runner = own.spec?.containers?.[0];
    const variable = (name: string) => runner?.env?.find((each) => each.name === name)?.value;
    expect(JSON.parse(variable('E2E_CHANGES') ?? '')).to.deep.equal(DRAINED);
    expect(variable('E2E_FILES')).to.equal('["audit/undo"]');
    expect(variable('E2E_REPORT'), 'it reports nothing').to.equal(undefined);
    expect(own.spec?.automountServiceAccountToken).to.equal(false);
    // The line still runs: its claims keep other suites away from what is being undone.
    expect((await harness.getReport(attempt))?.status).to.not.have.property('final');
    await harness.podEnded(own, 0, 'Completed');
    expect(await undone(attempt)).to.include({ status: 'True', reason: 'ChangesUndone' });
    const run = await harness.finished('killed');
    expect(run.status?.suites?.[0]).to.deep.include({ verdict: 'Interrupted', reason: 'OOMKilled' });
    await harness.hasEvents(attempt, ['ChangesUndone']);
  });

  it('is undone after a cancellation, once the pod is gone, also by an operator that starts later', async () => {
    const { attempt, pod, undo } = await changed('cancelled');
    const finalizers = [...(pod.metadata.finalizers ?? []), HELD];
    await harness.client.mergePatch(PODS, pod.metadata, { metadata: { finalizers } });
    const run = await harness.getRun('cancelled');
    await harness.client.mergePatch(
      { apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'TestRun', plural: 'testruns' },
      { namespace: harness.namespace, name: run?.metadata.name ?? '' },
      { spec: { cancel: true } },
    );
    await harness.finished('cancelled');
    await operator.stop();
    await harness.podEnded(pod, 143, 'Error');
    await released(pod);
    operator = harness.startOperator();
    await harness.podEnded(await harness.pod(undo), 0, 'Completed');
    expect(await undone(attempt)).to.include({ status: 'True' });
  });

  it('is left alone when the attempt undid it itself', async () => {
    const { attempt, pod, undo } = await changed('tidy');
    await harness.attempt(attempt, 'Passed');
    await harness.podEnded(pod, 0, 'Completed');
    await harness.archived(attempt);
    const report = await harness.getReport(attempt);
    expect(report?.status).to.not.have.property('changes');
    const at = { namespace: harness.namespace, name: undo };
    expect(await harness.client.get(JOBS, at)).to.equal(undefined);
    expect(conditionOf(report?.status?.conditions, 'Undone')).to.equal(undefined);
  });

  it('is undone after a final report that still names it', async () => {
    const { attempt, pod, undo } = await changed('untidy');
    const finishedAt = new Date().toISOString();
    await harness.report(attempt, { final: true, verdict: 'Failed', finishedAt, changes: DRAINED });
    await harness.podEnded(pod, 1, 'Error');
    await harness.podEnded(await harness.pod(undo), 0, 'Completed');
    expect(await undone(attempt)).to.include({ status: 'True' });
  });
});
