import { conditionOf } from '@backendai-e2e/api/conditions';
import type { Fault } from '@backendai-e2e/api/fault';
import { PODS } from '@backendai-e2e/kube/builtin-resources';
import { type FaultScene, startFaultScene } from '@backendai-e2e/tools/envtest/fault-scene';
import { MovedClock } from '@backendai-e2e/tools/envtest/moved-clock';
import type { RunningOperator } from '@backendai-e2e/tools/envtest/test-environment';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

describe('a fault whose target is lost', function () {
  this.timeout(LAST_RESORT_MS);
  let scene: FaultScene;
  let operator: RunningOperator;
  const clock = new MovedClock();

  before(async () => {
    scene = await startFaultScene();
    operator = scene.stage.startOperator({ faultImage: 'tools:test', clock });
  });
  after(() => scene?.stop());

  const over = (name: string): Promise<Fault> =>
    until(`fault ${name} is over and let go`, async () => {
      const fault = await scene.fault(name);
      if (fault?.status?.phase?.match(/ealed$/) && !fault.metadata.finalizers?.length) return fault;
      throw new Error(JSON.stringify(fault));
    });
  const phaseIs = (name: string, phase: string) =>
    until(`${name} is ${phase}`, async () => (await scene.fault(name))?.status?.phase === phase);

  it('with its pod, while no operator was there: healed, and the next one says by what', async () => {
    const pod = await scene.pod('away-a', 'away');
    await scene.ask('away', { target: { component: 'away' }, pause: {}, durationSeconds: 600 });
    await scene.tool(pod, 'pause', ['injected', 'inForce']);
    await phaseIs('away', 'InForce');
    await operator.stop();
    await scene.gone('away-a');
    operator = scene.stage.startOperator({ faultImage: 'tools:test', clock });
    const { status } = await over('away');
    expect(status?.phase).to.equal('Healed');
    expect(status?.targets?.[0]?.healedEvidence).to.match(/no longer has pod away-a with uid/);
  });

  it('with its node: ends as Unhealed, and names what did not answer', async () => {
    const pod = await scene.pod('node-a', 'node');
    await scene.pod('node-peer', 'peer', '10.1.1.9');
    await scene.ask('node', {
      target: { component: 'node' },
      networkPartition: { from: { component: 'peer' }, direction: 'Both' },
      durationSeconds: 60,
    });
    await scene.tool(pod, 'partition', ['injected', 'inForce']);
    await phaseIs('node', 'InForce');
    scene.kubelet.broken = true;
    // As the taint manager does it. There is no kubelet to end the pod, which therefore stays.
    await scene.client.mergePatch(
      PODS,
      { namespace: scene.namespace, name: 'node-a' },
      { metadata: { finalizers: ['example.org/kept'] } },
    );
    await scene.gone('node-a');
    expect((await scene.podNow('node-a'))?.metadata.deletionTimestamp).not.to.equal(undefined);
    clock.move(1);
    const { status } = await over('node');
    expect(status?.phase).to.equal('Unhealed');
    const seen = conditionOf(status?.conditions, 'SeenHealed');
    expect(seen).to.deep.include({ status: 'False', reason: 'NotSeen' });
    expect(seen?.message).to.match(/the probe did not see it healed; last: .*HTTP 500/);
  });
});
