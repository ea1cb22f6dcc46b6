import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG_MAPS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import { expect } from 'chai';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { sharedControlPlane } from '../control-plane/shared-control-plane.ts';
import { LAST_RESORT_MS } from '../waits/until.ts';
import { type FaultInjectingProxy, startFaultInjectingProxy, through } from './fault-injecting-proxy.ts';

describe('a proxy that injects faults', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let proxy: FaultInjectingProxy;

  before(async () => {
    plane = await sharedControlPlane();
    proxy = await startFaultInjectingProxy(plane);
  });
  after(async () => {
    await proxy?.stop();
    await plane?.stop();
  });

  it('counts the writes that the API server has not answered', async () => {
    const answers: string[] = [];
    proxy.onAnswer = ({ method, code }) => answers.push(`${method} ${code}`);
    const arrived = new Promise<void>((resolve) => {
      proxy.rule = () => {
        resolve();
        return undefined;
      };
    });
    const client = new KubeClient(through(proxy, plane.kubeConfig()));
    const created = client.create(CONFIG_MAPS, { metadata: { namespace: 'default', name: 'proxied' } });
    await arrived;
    expect([proxy.writesInFlight, answers]).to.deep.equal([1, []]);
    await created;
    expect([proxy.writesInFlight, answers]).to.deep.equal([0, ['POST 201']]);
    await client.close();
  });

  it('delivers late what it passes, in its order', async () => {
    proxy.rule = () => undefined;
    proxy.hold = () => delay(100);
    const client = new KubeClient(through(proxy, plane.kubeConfig()));
    const began = performance.now();
    expect(await client.get(CONFIG_MAPS, { namespace: 'default', name: 'proxied' })).to.nested.include({
      'metadata.name': 'proxied',
    });
    // The request and the answer, each by 100 ms. A timer may fire a millisecond early.
    expect(performance.now() - began).to.be.at.least(198);
    proxy.hold = () => undefined;
    await client.close();
  });
});
