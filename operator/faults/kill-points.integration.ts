import type { Fault, FaultSpec } from '@backendai-e2e/api/fault';
import { DEPLOYMENTS, PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import { Deaths, notAsDocumented } from '@backendai-e2e/tools/envtest/crash-injector';
import { type FaultScene, startFaultScene } from '@backendai-e2e/tools/envtest/fault-scene';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

describe('an operator that dies at every write of a fault', function () {
  this.timeout(LAST_RESORT_MS);
  let scene: FaultScene;
  let deaths: Deaths;

  before(async () => {
    scene = await startFaultScene();
    deaths = new Deaths(scene.stage, { faultImage: 'tools:test' });
  });
  after(() => scene?.stop());

  /** Waits until it is healed and let go, and asserts what every fault's end has in common. */
  async function healed(name: string): Promise<NonNullable<Fault['status']>> {
    const status = await until(`fault ${name} is healed`, async () => {
      const fault = await scene.fault(name);
      if (fault?.status?.seenHealedAt && !fault.metadata.finalizers?.length) return fault.status;
      throw new Error(JSON.stringify(fault));
    });
    expect(status.phase).to.equal('Healed');
    for (const target of status.targets ?? []) {
      expect(target).to.include.all.keys('injectedAt', 'seenInForceAt', 'healedAt', 'seenHealedAt');
    }
    return status;
  }

  const ask = (name: string, spec: Omit<FaultSpec, 'environmentRef' | 'target'>) =>
    scene.ask(name, { target: { component: name }, ...spec });

  it('that deletes a pod: that pod and no other', async () => {
    const died = await deaths.everywhere('delete', async (name) => {
      const pods = [await scene.pod(`${name}-a`, name), await scene.pod(`${name}-b`, name)];
      await scene.ask(name, { target: { component: name, pod: `${name}-a` }, podDelete: { force: true } });
      const status = await healed(name);
      expect(status.targets?.map(({ uid }) => uid)).to.deep.equal([pods[0]?.metadata.uid]);
      expect(await scene.podNow(`${name}-a`)).to.equal(undefined);
      expect((await scene.podNow(`${name}-b`))?.metadata.uid).to.equal(pods[1]?.metadata.uid);
    });
    expect(died).to.include('delete pods, time 1');
    expect(notAsDocumented('fault: podDelete', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });

  it('that scales to zero: back to what it was', async () => {
    const died = await deaths.everywhere('scale', async (name) => {
      const at = { namespace: scene.namespace, name };
      const replicas = async () => (await scene.client.get(DEPLOYMENTS, at))?.spec?.replicas;
      const ready = (count: number) =>
        scene.client.mergePatch(
          DEPLOYMENTS,
          at,
          { status: { replicas: count, readyReplicas: count } },
          { subresource: 'status' },
        );
      await scene.deployment(name, 3);
      await ready(3);
      await scene.pod(`${name}-a`, name);
      await ask(name, { scaleToZero: {}, durationSeconds: 1 });
      await until(`${name} is scaled to 0`, async () => (await replicas()) === 0);
      await scene.gone(`${name}-a`);
      await ready(0);
      await until(`${name} is scaled back`, async () => (await replicas()) === 3);
      await ready(3);
      const status = await healed(name);
      expect(status.workloads).to.deep.equal([{ workload: `Deployment/${name}`, replicas: 3 }]);
      expect(await replicas()).to.equal(3);
    });
    expect(died).to.include('apply deployments, time 1').and.to.include('apply deployments, time 2');
    expect(notAsDocumented('fault: scaleToZero', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });

  it('that freezes a container, and is healed before its time: one tool to freeze, one to mend', async () => {
    const died = await deaths.everywhere('pause', async (name) => {
      const pod = await scene.pod(`${name}-a`, name);
      await ask(name, { pause: {}, durationSeconds: 600 });
      await scene.tool(pod, 'pause', ['injected', 'inForce']);
      await until(`${name} is in force`, async () => (await scene.fault(name))?.status?.phase === 'InForce');
      await scene.heal(name);
      await scene.tool(pod, 'resume', ['healed', 'seenHealed'], 'ended');
      await healed(name);
      const tools = (now: Pod | undefined) => now?.spec?.ephemeralContainers?.map(({ args }) => args?.[0]);
      expect(tools(await scene.podNow(`${name}-a`))).to.deep.equal(['pause', 'resume']);
    });
    expect(died).to.include('apply pods/ephemeralcontainers, time 1');
    expect(died).to.include('apply pods/ephemeralcontainers, time 2');
    expect(notAsDocumented('fault: pause', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });

  it('that cuts a network and whose target restarts: it heals at its time, with one tool', async () => {
    const died = await deaths.everywhere('cut', async (name) => {
      const pod = await scene.pod(`${name}-a`, name);
      await scene.pod(`${name}-peer`, `${name}-peer`, '10.1.1.9');
      await ask(name, {
        networkPartition: { from: { component: `${name}-peer` }, direction: 'Both' },
        durationSeconds: 600,
      });
      await scene.tool(pod, 'partition', ['injected', 'inForce']);
      await scene.restarted(pod);
      await scene.tool(pod, 'partition', ['injected', 'inForce', 'healed', 'seenHealed'], 'ended');
      const status = await healed(name);
      expect(status.targets?.[0]?.peers).to.deep.equal(['10.1.1.9']);
      const now = await scene.client.get(PODS, { namespace: scene.namespace, name: `${name}-a` });
      expect(now?.spec?.ephemeralContainers).to.have.length(1);
    });
    expect(notAsDocumented('fault: networkPartition', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });
});
