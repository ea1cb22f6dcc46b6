import { expect } from 'chai';
import { withBoundedRuntime } from './daemon-config.ts';

const WRAPPER = '/usr/local/lib/wrapper';

describe("the engine's daemon.json", () => {
  it('gets the runtime where there was no file', () => {
    expect(JSON.parse(withBoundedRuntime(undefined, WRAPPER) ?? '')).to.deep.equal({
      runtimes: { 'backendai-e2e-bounded': { path: WRAPPER } },
      'default-runtime': 'backendai-e2e-bounded',
    });
  });
  it('keeps everything else', () => {
    const before = { mtu: 1400, runtimes: { crun: { path: '/usr/bin/crun' } }, 'default-runtime': 'runc' };
    const after: unknown = JSON.parse(withBoundedRuntime(JSON.stringify(before), WRAPPER) ?? '');
    expect(after).to.deep.equal({
      mtu: 1400,
      runtimes: { crun: { path: '/usr/bin/crun' }, 'backendai-e2e-bounded': { path: WRAPPER } },
      'default-runtime': 'backendai-e2e-bounded',
    });
  });
  it('is left alone where nothing changes', () => {
    expect(withBoundedRuntime(withBoundedRuntime(undefined, WRAPPER), WRAPPER)).to.equal(undefined);
  });
  it("keeps the user's default runtime", () => {
    expect(() => withBoundedRuntime('{"default-runtime": "nvidia"}', WRAPPER)).to.throw('"nvidia"');
  });
  it('is not overwritten where it is invalid', () => {
    expect(() => withBoundedRuntime('{"mtu": 1400,}', WRAPPER)).to.throw('no JSON');
    expect(() => withBoundedRuntime('[]', WRAPPER)).to.throw('no JSON object');
  });
});
