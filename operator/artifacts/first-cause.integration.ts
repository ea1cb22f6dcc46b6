import { EVENTS, PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { makeTinyReady } from '@backendai-e2e/tools/envtest/operator/tiny-chart';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** In a Secret of the deployment, and in what a probe says. */
const CANARY = 'canary-Pq52-password';

describe('the first cause of a failed attempt', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  /** Where the environment is deployed. */
  let deployed: string;
  /** When the probe of an agent failed. */
  const failedAt = new Date();

  before(async () => {
    harness = await startOperatorHarness();
    deployed = harness.deploymentNamespace('tiny');
    harness.startOperator();
    await harness.suite('alpha', { needs: ['agent'] });
    await harness.suite('beta', { needs: ['agent'] });
    await harness.environment('tiny', {
      chart: { name: 'tiny', values: { image: 'real:1', canary: CANARY } },
    });
    await makeTinyReady(harness.client, deployed);
    await harness.client.create(PODS, {
      metadata: {
        ...{ name: 'agent-7', namespace: deployed },
        labels: { 'app.kubernetes.io/component': 'agent' },
      },
      spec: { containers: [{ name: 'main', image: 'real:1' }] },
    });
    await harness.client.create(EVENTS, {
      metadata: { namespace: deployed, name: 'unhealthy' },
      involvedObject: { kind: 'Pod', namespace: deployed, name: 'agent-7' },
      ...{ type: 'Warning', reason: 'Unhealthy', lastTimestamp: failedAt.toISOString() },
      message: `Readiness probe failed: ${CANARY} is wrong`,
    });
  });
  after(() => harness?.stop());

  /** Starts a run up to the pod of its first attempt. */
  async function started(name: string, ...suites: string[]): Promise<Pod> {
    await harness.run(name, 'tiny', { suites: { names: suites }, environmentTimeoutSeconds: 1 });
    return harness.pod(`${name}-${suites[0]}-1`);
  }

  /** Reports the failure of an attempt that ran while the probe failed. */
  const fails = (attempt: string) =>
    harness.report(attempt, { ...finalReport('Failed'), startedAt: failedAt.toISOString() });

  const cause = () =>
    `agent: ${failedAt.toISOString().slice(11, 19)} a probe failed: Unhealthy: Readiness probe failed: ••• is wrong`;

  it('is in its report without secrets, and in the run while other suites run', async () => {
    const pod = await started('early', 'alpha', 'beta');
    await fails('early-alpha-1');
    await harness.podEnded(pod, 1);
    expect((await harness.archived('early-alpha-1')).status?.firstCause).to.equal(cause());
    const beta = await harness.pod('early-beta-1');
    const running = await until('the run has it', async () => {
      const run = await harness.getRun('early');
      return run?.status?.firstCause !== undefined && run.status;
    });
    expect(running).to.include({ phase: 'Running', firstCause: cause() });
    await harness.report('early-beta-1', finalReport('Passed'));
    await harness.podEnded(beta, 0);
    expect((await harness.archived('early-beta-1')).status).to.not.have.property('firstCause');
    const run = await harness.finished('early');
    expect(run.status).to.deep.include({ verdict: 'Failed', firstCause: cause() });
  });

  it('reaches a run that ended before the attempt was archived', async () => {
    const pod = await started('late', 'alpha');
    await fails('late-alpha-1');
    const ended = await harness.finished('late');
    expect(ended.status).to.not.have.property('firstCause');
    await harness.podEnded(pod, 1);
    const noted = await until('the run has it', async () => {
      const run = await harness.getRun('late');
      return run?.status?.firstCause !== undefined && run.status;
    });
    expect(noted).to.deep.equal({ ...ended.status, firstCause: cause() });
  });
});
