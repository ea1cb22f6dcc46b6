import { conditionOf } from '@backendai-e2e/api/conditions';
import type { Fault } from '@backendai-e2e/api/fault';
import { PODS } from '@backendai-e2e/kube/builtin-resources';
import { ShiftedClock } from '@backendai-e2e/tools/envtest/doubles/shifted-clock';
import { type FaultHarness, startFaultHarness } from '@backendai-e2e/tools/envtest/operator/fault-harness';
import type { RunningOperator } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('a fault whose target is lost', function () {
  this.timeout(LAST_RESORT_MS);
  let faults: FaultHarness;
  let operator: RunningOperator;
  const clock = new ShiftedClock();

  before(async () => {
    faults = await startFaultHarness();
    operator = faults.harness.startOperator({ faultImage: 'tools:test', clock });
  });
  after(() => faults?.stop());

  const over = (name: string): Promise<Fault> =>
    until(`fault ${name} is over and let go`, async () => {
      const fault = await faults.fault(name);
      if (fault?.status?.phase?.match(/ealed$/) && !fault.metadata.finalizers?.length) return fault;
      throw new Error(JSON.stringify(fault));
    });
  const phaseIs = (name: string, phase: string) =>
    until(`${name} is ${phase}`, async () => (await faults.fault(name))?.status?.phase === phase);

  it('with its pod, while no operator was there: healed, and the next one says by what', async () => {
    const pod = await faults.pod('away-a', 'away');
    await faults.ask('away', { target: { component: 'away' }, pause: {}, durationSeconds: 600 });
    await faults.tool(pod, 'pause', ['injected', 'inForce']);
    await phaseIs('away', 'InForce');
    await operator.stop();
    await faults.gone('away-a');
    operator = faults.harness.startOperator({ faultImage: 'tools:test', clock });
    const { status } = await over('away');
    expect(status?.phase).to.equal('Healed');
    expect(status?.targets?.[0]?.healedEvidence).to.match(/no longer has pod away-a with uid/);
  });

  it('with its node: ends as Unhealed, and names what did not answer', async () => {
    const pod = await faults.pod('node-a', 'node');
    await faults.pod('node-peer', 'peer', '10.1.1.9');
    await faults.ask('node', {
      target: { component: 'node' },
      networkPartition: { from: { component: 'peer' }, direction: 'Both' },
      durationSeconds: 60,
    });
    await faults.tool(pod, 'partition', ['injected', 'inForce']);
    await phaseIs('node', 'InForce');
    faults.kubelet.broken = true;
    // As the taint manager does it. There is no kubelet to end the pod, which therefore stays.
    await faults.client.mergePatch(
      PODS,
      { namespace: faults.namespace, name: 'node-a' },
      { metadata: { finalizers: ['example.org/kept'] } },
    );
    await faults.gone('node-a');
    expect((await faults.podNow('node-a'))?.metadata.deletionTimestamp).not.to.equal(undefined);
    clock.move(1);
    const { status } = await over('node');
    expect(status?.phase).to.equal('Unhealed');
    const seen = conditionOf(status?.conditions, 'SeenHealed');
    expect(seen).to.deep.include({ status: 'False', reason: 'NotSeen' });
    expect(seen?.message).to.match(/the probe did not see it healed; last: .*HTTP 500/);
  });
});
