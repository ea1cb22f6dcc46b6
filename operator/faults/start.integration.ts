import { type FaultHarness, startFaultHarness } from '@backendai-e2e/tools/envtest/operator/fault-harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

const MESSAGE = 'runc create failed: unable to freeze';

describe('a fault whose tool the runtime cannot start', function () {
  this.timeout(LAST_RESORT_MS);
  let faults: FaultHarness;

  before(async () => {
    faults = await startFaultHarness();
    faults.harness.startOperator({ faultImage: 'tools:test' });
  });
  after(() => faults?.stop());

  const phaseIs = (name: string, phase: string) =>
    until(`${name} is ${phase}`, async () => (await faults.fault(name))?.status?.phase === phase);
  const toolNames = async (pod: string): Promise<string[]> =>
    ((await faults.podNow(pod))?.spec?.ephemeralContainers ?? []).map(({ name }) => name);

  it('gets another one in its place, and is in force by that', async () => {
    const pod = await faults.pod('second-a', 'second');
    await faults.ask('second', { target: { component: 'second' }, pause: {}, durationSeconds: 600 });
    await faults.unstartedTool(pod, 'pause', MESSAGE);
    await faults.tool(pod, 'pause', ['injected', 'inForce']);
    await phaseIs('second', 'InForce');
    const [first, second, ...more] = await toolNames('second-a');
    expect(more).to.deep.equal([]);
    expect(second).to.equal(`${first}-2`);
    await faults.heal('second');
    await faults.unstartedTool(pod, 'resume', MESSAGE);
    await faults.tool(pod, 'resume', ['healed', 'seenHealed'], 'ended');
    await phaseIs('second', 'Healed');
  });

  it('is given up after the third, with what the runtime said: nothing was done', async () => {
    const pod = await faults.pod('never-a', 'never');
    await faults.ask('never', { target: { component: 'never' }, pause: {}, durationSeconds: 600 });
    for (let round = 1; round <= 3; round++) await faults.unstartedTool(pod, 'pause', MESSAGE);
    const target = await until('the fault is given up', async () => {
      const { status } = (await faults.fault('never')) ?? {};
      return status?.seenHealedAt ? status.targets?.[0] : undefined;
    });
    expect(target?.healedEvidence).to.match(/nothing was done to it: none of 3 containers/);
    expect(target?.trouble).to.include(MESSAGE);
    expect(target?.injectedAt).to.equal(undefined);
    expect(await toolNames('never-a')).to.have.length(3);
  });
});
