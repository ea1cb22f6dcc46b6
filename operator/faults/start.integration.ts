import { type FaultScene, startFaultScene } from '@backendai-e2e/tools/envtest/fault-scene';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

const MESSAGE = 'runc create failed: unable to freeze';

describe('a fault whose tool the runtime cannot start', function () {
  this.timeout(LAST_RESORT_MS);
  let scene: FaultScene;

  before(async () => {
    scene = await startFaultScene();
    scene.stage.startOperator({ faultImage: 'tools:test' });
  });
  after(() => scene?.stop());

  const phaseIs = (name: string, phase: string) =>
    until(`${name} is ${phase}`, async () => (await scene.fault(name))?.status?.phase === phase);
  const toolNames = async (pod: string): Promise<string[]> =>
    ((await scene.podNow(pod))?.spec?.ephemeralContainers ?? []).map(({ name }) => name);

  it('gets another one in its place, and is in force by that', async () => {
    const pod = await scene.pod('second-a', 'second');
    await scene.ask('second', { target: { component: 'second' }, pause: {}, durationSeconds: 600 });
    await scene.unstartedTool(pod, 'pause', MESSAGE);
    await scene.tool(pod, 'pause', ['injected', 'inForce']);
    await phaseIs('second', 'InForce');
    const [first, second, ...more] = await toolNames('second-a');
    expect(more).to.deep.equal([]);
    expect(second).to.equal(`${first}-2`);
    await scene.heal('second');
    await scene.unstartedTool(pod, 'resume', MESSAGE);
    await scene.tool(pod, 'resume', ['healed', 'seenHealed'], 'ended');
    await phaseIs('second', 'Healed');
  });

  it('is given up after the third, with what the runtime said: nothing was done', async () => {
    const pod = await scene.pod('never-a', 'never');
    await scene.ask('never', { target: { component: 'never' }, pause: {}, durationSeconds: 600 });
    for (let round = 1; round <= 3; round++) await scene.unstartedTool(pod, 'pause', MESSAGE);
    const target = await until('the fault is given up', async () => {
      const { status } = (await scene.fault('never')) ?? {};
      return status?.seenHealedAt ? status.targets?.[0] : undefined;
    });
    expect(target?.healedEvidence).to.match(/nothing was done to it: none of 3 containers/);
    expect(target?.trouble).to.include(MESSAGE);
    expect(target?.injectedAt).to.equal(undefined);
    expect(await toolNames('never-a')).to.have.length(3);
  });
});
