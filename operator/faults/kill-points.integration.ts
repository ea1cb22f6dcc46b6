import type { Fault, FaultSpec } from '@backendai-e2e/api/fault';
import { DEPLOYMENTS, PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import { CrashInjector, differencesFromTable } from '@backendai-e2e/tools/envtest/operator/crash-injector';
import { type FaultHarness, startFaultHarness } from '@backendai-e2e/tools/envtest/operator/fault-harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('an operator that dies at every write of a fault', function () {
  this.timeout(LAST_RESORT_MS);
  let faults: FaultHarness;
  let crashes: CrashInjector;

  before(async () => {
    faults = await startFaultHarness();
    crashes = new CrashInjector(faults.harness, { faultImage: 'tools:test' });
  });
  after(() => faults?.stop());

  /** Waits until it is healed and let go, and asserts what every fault's end has in common. */
  async function healed(name: string): Promise<NonNullable<Fault['status']>> {
    const status = await until(`fault ${name} is healed`, async () => {
      const fault = await faults.fault(name);
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
    faults.ask(name, { target: { component: name }, ...spec });

  it('that deletes a pod: that pod and no other', async () => {
    const died = await crashes.afterEveryWrite('delete', async (name) => {
      const pods = [await faults.pod(`${name}-a`, name), await faults.pod(`${name}-b`, name)];
      await faults.ask(name, { target: { component: name, pod: `${name}-a` }, podDelete: { force: true } });
      const status = await healed(name);
      expect(status.targets?.map(({ uid }) => uid)).to.deep.equal([pods[0]?.metadata.uid]);
      expect(await faults.podNow(`${name}-a`)).to.equal(undefined);
      expect((await faults.podNow(`${name}-b`))?.metadata.uid).to.equal(pods[1]?.metadata.uid);
    });
    expect(died).to.include('delete pods, time 1');
    expect(differencesFromTable('fault: podDelete', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });

  it('that scales to zero: back to what it was', async () => {
    const died = await crashes.afterEveryWrite('scale', async (name) => {
      const at = { namespace: faults.namespace, name };
      const replicas = async () => (await faults.client.get(DEPLOYMENTS, at))?.spec?.replicas;
      const ready = (count: number) =>
        faults.client.mergePatch(
          DEPLOYMENTS,
          at,
          { status: { replicas: count, readyReplicas: count } },
          { subresource: 'status' },
        );
      await faults.deployment(name, 3);
      await ready(3);
      await faults.pod(`${name}-a`, name);
      await ask(name, { scaleToZero: {}, durationSeconds: 1 });
      await until(`${name} is scaled to 0`, async () => (await replicas()) === 0);
      await faults.gone(`${name}-a`);
      await ready(0);
      await until(`${name} is scaled back`, async () => (await replicas()) === 3);
      await ready(3);
      const status = await healed(name);
      expect(status.workloads).to.deep.equal([{ workload: `Deployment/${name}`, replicas: 3 }]);
      expect(await replicas()).to.equal(3);
    });
    expect(died).to.include('apply deployments, time 1').and.to.include('apply deployments, time 2');
    expect(differencesFromTable('fault: scaleToZero', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });

  it('that freezes a container, and is healed before its time: one tool to freeze, one to mend', async () => {
    const died = await crashes.afterEveryWrite('pause', async (name) => {
      const pod = await faults.pod(`${name}-a`, name);
      await ask(name, { pause: {}, durationSeconds: 600 });
      await faults.tool(pod, 'pause', ['injected', 'inForce']);
      await until(`${name} is in force`, async () => (await faults.fault(name))?.status?.phase === 'InForce');
      await faults.heal(name);
      await faults.tool(pod, 'resume', ['healed', 'seenHealed'], 'ended');
      await healed(name);
      const tools = (now: Pod | undefined) => now?.spec?.ephemeralContainers?.map(({ args }) => args?.[0]);
      expect(tools(await faults.podNow(`${name}-a`))).to.deep.equal(['pause', 'resume']);
    });
    expect(died).to.include('apply pods/ephemeralcontainers, time 1');
    expect(died).to.include('apply pods/ephemeralcontainers, time 2');
    expect(differencesFromTable('fault: pause', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });

  it('that cuts a network and whose target restarts: it heals at its time, with one tool', async () => {
    const died = await crashes.afterEveryWrite('cut', async (name) => {
      const pod = await faults.pod(`${name}-a`, name);
      await faults.pod(`${name}-peer`, `${name}-peer`, '10.1.1.9');
      await ask(name, {
        networkPartition: { from: { component: `${name}-peer` }, direction: 'Both' },
        durationSeconds: 600,
      });
      await faults.tool(pod, 'partition', ['injected', 'inForce']);
      await faults.restarted(pod);
      await faults.tool(pod, 'partition', ['injected', 'inForce', 'healed', 'seenHealed'], 'ended');
      const status = await healed(name);
      expect(status.targets?.[0]).to.deep.include({
        peers: ['10.1.1.9'],
        healedEvidence: 'partition seenHealed',
      });
      const now = await faults.client.get(PODS, { namespace: faults.namespace, name: `${name}-a` });
      expect(now?.spec?.ephemeralContainers).to.have.length(1);
    });
    expect(differencesFromTable('fault: networkPartition', died)).to.deep.equal({
      undocumented: [],
      unseen: [],
    });
  });
});
