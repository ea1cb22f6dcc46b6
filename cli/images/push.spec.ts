import { expect } from 'chai';
import { CannotPush, checkRegistry, pushedRef, pushWay } from './push.ts';

describe('pushing images', () => {
  it('keeps name and content key under the registry', () => {
    expect(pushedRef('registry.example:5000/team/', 'backendai-e2e/operator:0a1b')).to.equal(
      'registry.example:5000/team/operator:0a1b',
    );
  });

  it('refuses what begins no image reference, before anything is built', () => {
    for (const good of ['localhost', 'localhost:5000', '127.0.0.1:5000/x', 'r.example', 'r.example/a/b-c']) {
      expect(checkRegistry(good), good).to.equal(good);
    }
    for (const bad of [
      '',
      'registry',
      'https://r.example',
      'r.example/Team',
      'r.example//x',
      'r.example/a b',
    ]) {
      expect(() => checkRegistry(bad), bad).to.throw(CannotPush);
    }
  });

  it('lets Docker push wherever it may, and skopeo where TLS is missing', () => {
    expect(pushWay('r.example', false, false)).to.equal('docker');
    expect(pushWay('127.0.0.1:5000/x', true, false)).to.equal('docker');
    expect(pushWay('localhost:5000', true, true)).to.equal('docker');
    expect(pushWay('r.example:5000', true, true)).to.equal('skopeo');
    expect(() => pushWay('r.example:5000', true, false)).to.throw(CannotPush, 'without TLS');
  });
});
