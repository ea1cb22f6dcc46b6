import { expect } from 'chai';
import { NAMESPACES, PODS } from '../runtime/builtin-resources.ts';
import { startControlPlane } from './control-plane.ts';

describe('a control plane of our own', function () {
  this.timeout(60_000);
  it('starts', async () => {
    const t = performance.now();
    const plane = await startControlPlane({ controllerManager: true });
    console.log('up', performance.now() - t);
    await plane.createNamespace('t');
    const c = plane.client();
    const p = await c.create(PODS, {
      metadata: { namespace: 't', name: 'p' },
      spec: { containers: [{ name: 'a', image: 'x' }] },
    });
    expect(p.metadata.uid).to.be.a('string');
    const t2 = performance.now();
    await plane.stopApiServer();
    await plane.startApiServer();
    console.log('restart', performance.now() - t2);
    expect(await c.get(NAMESPACES, { name: 't' })).to.exist;
    await plane.stop();
  });
});
