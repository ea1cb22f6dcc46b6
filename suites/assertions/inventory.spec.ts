import { expect } from 'chai';
import { isLeft, KINDS } from './inventory.ts';

describe('the leak audit', () => {
  it('looks at everything that suites create', () => {
    expect(KINDS.map(({ what }) => what)).to.deep.equal([
      ...['sessions that have not ended', 'kernels that have not ended', 'resources that kernels hold'],
      ...['slots of agents held for no kernel', 'containers of sessions', 'scratch directories of kernels'],
      ...['networks of agents'],
      ...['vfolders', 'users', 'projects', 'domains', 'key pairs', 'policies', 'scaling groups', 'images'],
      ...['images of agents', 'images of the registry', 'model services', 'replicas of model services'],
      ...['circuits of the app proxy', 'endpoints of the app proxy'],
      ...['slots of app proxy workers in use by no circuit', 'nodes of rights for things that are gone'],
      ...['roles of things that are gone', 'shares and invitations', 'agents that get no sessions'],
      ...['databases', 'S3 objects', 'keys in etcd'],
      ...['keys in Valkey', 'keys in Valkey that never expire, of single things'],
      ...['changes that suites noted', 'containers that never started', 'keys in Valkey of images'],
    ]);
  });
});

describe('what the run left', () => {
  const since = new Date('2026-01-01T00:00:00Z');
  const at = (text: string | undefined) => (text ? new Date(text) : undefined);
  for (const [name, time, left] of [
    ['anything', '2025-12-31T23:59:59Z', false],
    ['e2e-folder-1a2b3c4d-1', '2025-12-31T23:59:59Z', false],
    ['anything', '2026-01-01T00:00:00Z', true],
    ['e2e-folder-1a2b3c4d-1', undefined, true],
    ['registry.bai-e2e:5000/stable/python:e2ecold1a2b3c4d', undefined, true],
    ['registry.bai-e2e:5000/stable/python:3.13-debian13', undefined, false],
    ['config/docker/registry/registry.bai-e2e%3A5000', undefined, false],
    // Seen: an id in which the letters stand by chance.
    ['tus: tus.upload.offset:3657fb78c57b4d8fafea3e2e59b6aabd', undefined, false],
    ['tus: tus.upload.offset:e2e59b6aabd3657fb78c57b4d8fafea3', undefined, false],
  ] as const) {
    it(`${name} of ${time ?? 'no known time'}: ${left ? 'is' : 'is not'} left`, () => {
      expect(isLeft({ name, at: at(time) }, since)).to.equal(left);
    });
  }
});
