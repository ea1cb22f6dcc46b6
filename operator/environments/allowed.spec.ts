import { expect } from 'chai';
import { beyondLimits, comesFrom, type EnvironmentLimits } from './allowed.ts';

const limits: EnvironmentLimits = {
  images: ['registry.example:5000/team', 'backendai-e2e'],
  privilegedImages: ['backendai-e2e/agent'],
  hostPaths: ['/var/local/backend-ai'],
};

const pod = (container: object, more: object = {}) => ({
  kind: 'Deployment',
  metadata: { name: 'a' },
  spec: { template: { spec: { containers: [{ name: 'main', ...container }], ...more } } },
});
const hostPath = (path: string) => ({ volumes: [{ name: 'v', hostPath: { path } }] });
const own = { image: 'backendai-e2e/manager:1' };

describe('what a deployment may use of the nodes', () => {
  it('takes images by their path, whatever their tag, digest or port', () => {
    const list = ['registry.example:5000/team', 'backendai-e2e', 'library/redis'];
    for (const image of [
      'registry.example:5000/team/a/b:1',
      'backendai-e2e/agent@sha256:00',
      'library/redis',
      'library/redis:7',
    ]) {
      expect(comesFrom(image, list), image).to.equal(true);
    }
    for (const image of [
      'registry.example:5000/teams/a',
      'registry.example/team/a',
      'evil.example/backendai-e2e/agent',
      'backendai-e2e-evil/agent',
      'backendai-e2e:1/agent',
      'library/redis-evil',
      'agent:1',
      '',
    ]) {
      expect(comesFrom(image, list), image).to.equal(false);
    }
    expect(comesFrom('agent:1', ['.'])).to.equal(true);
    expect(comesFrom('a/agent:1', ['.'])).to.equal(false);
    expect(comesFrom('anything', [])).to.equal(true);
  });

  const allowed: [string, object][] = [
    ['an image of the list', pod(own)],
    ['a folder of the list', pod(own, hostPath('/var/local/backend-ai/ns/etcd'))],
    ['a privileged agent', pod({ image: 'backendai-e2e/agent:1', securityContext: { privileged: true } })],
    ['an object in its namespace', { kind: 'Service', metadata: { name: 's', namespace: 'bai' } }],
  ];
  for (const [what, object] of allowed) {
    it(`allows ${what}`, () => expect(beyondLimits([object], 'bai', limits)).to.deep.equal([]));
  }

  const refused: [string, object, string][] = [
    ['another image', pod({ image: 'evil.example/agent:1' }), 'image evil.example/agent:1'],
    ['no image', pod({}), 'image undefined'],
    [
      'another privileged image',
      pod({ ...own, securityContext: { privileged: true } }),
      'image backendai-e2e/manager:1 with privileges',
    ],
    [
      'capabilities',
      pod({ ...own, securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }),
      'image backendai-e2e/manager:1 with privileges',
    ],
    [
      'another image in an init container',
      pod(own, { initContainers: [{ name: 'i', image: 'evil/x' }] }),
      'image evil/x',
    ],
    ['another folder', pod(own, hostPath('/etc')), 'folder /etc of a node'],
    ['the root of a node', pod(own, hostPath('/')), 'folder / of a node'],
    [
      'a way out of the folder',
      pod(own, hostPath('/var/local/backend-ai/../../../etc')),
      'folder /var/local/backend-ai/../../../etc of a node',
    ],
    [
      'a folder with the same beginning',
      pod(own, hostPath('/var/local/backend-ai-2')),
      'folder /var/local/backend-ai-2 of a node',
    ],
    ['the network of a node', pod(own, { hostNetwork: true }), 'hostNetwork of a node'],
    ['the processes of a node', pod(own, { hostPID: true }), 'hostPID of a node'],
    [
      'another namespace',
      { kind: 'Secret', metadata: { namespace: 'kube-system' } },
      'an object in namespace kube-system',
    ],
    ['an object in a list', { kind: 'List', items: [pod({ image: 'evil/y' })] }, 'image evil/y'],
  ];
  for (const [what, object, phrase] of refused) {
    it(`refuses ${what}`, () => expect(beyondLimits([object], 'bai', limits)).to.deep.equal([phrase]));
  }
});
