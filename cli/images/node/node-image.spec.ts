import { expect } from 'chai';
import { VERSIONS } from '../../machine/versions.ts';
import { imageSource, proxyArgs } from '../docker.ts';
import { BAKED, IMAGES, LOADED } from '../table.ts';
import { controlPlaneImages } from './control-plane.ts';
import { adaptationFor } from './node-image.ts';

describe('the node image', () => {
  it('is not changed for an ordinary machine', () => {
    expect(adaptationFor({ cgroup: 2, missingCapabilities: [] })).to.deep.equal({ init: [], commands: [] });
  });
  it('configures systemd for cgroup v1', () => {
    const { init, commands } = adaptationFor({ cgroup: 1, missingCapabilities: [] });
    expect(init).to.deep.equal(['SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1']);
    expect(commands).to.deep.equal([]);
  });
  it('configures containerd for a host without CAP_SYS_RESOURCE', () => {
    const { commands } = adaptationFor({ cgroup: 2, missingCapabilities: ['CAP_SYS_RESOURCE'] });
    expect(commands.join()).to.include('restrict_oom_score_adj = true');
    expect(adaptationFor({ cgroup: 2, missingCapabilities: ['CAP_BPF'] }).commands).to.deep.equal([]);
  });
});

describe('images of the control plane', () => {
  const prefix = 'registry.example/k8s';
  it('are built for every name that kubeadm lists, under that name', () => {
    const listed = [
      `${prefix}/kube-apiserver:${VERSIONS.kubernetes}`,
      `${prefix}/coredns/coredns:${VERSIONS.corednsImage}`,
      `${prefix}/etcd:${VERSIONS.etcdImage}`,
      `${prefix}/pause:${VERSIONS.pause}`,
    ];
    const images = controlPlaneImages(listed);
    expect(images.map(({ ref }) => ref)).to.deep.equal(listed);
    expect(images.map(({ program }) => program)).to.deep.equal([
      'kube-apiserver',
      'coredns',
      'etcd',
      'pause',
    ]);
  });
  it('are refused when kubeadm needs another version than the pinned one', () => {
    expect(() => controlPlaneImages([`${prefix}/etcd:9.9.9-0`])).to.throw('change the pin');
  });
  it('are refused when kubeadm needs an unknown image', () => {
    expect(() => controlPlaneImages([`${prefix}/kube-new:v1`])).to.throw('kube-new');
  });
});

describe('the table of images', () => {
  it('contains every image of a cluster once, and every parent', () => {
    const names = IMAGES.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include.members([...BAKED, ...LOADED]);
    for (const { name, parent } of IMAGES) expect(['debian', ...names], name).to.include(parent);
  });
});

describe('the surroundings of a build', () => {
  it('pass proxy settings to the build', () => {
    expect(proxyArgs({ HTTPS_PROXY: 'http://proxy:3128', HTTP_PROXY: '', PATH: '/bin' })).to.deep.equal({
      HTTPS_PROXY: 'http://proxy:3128',
    });
  });
  it('decide where images come from', () => {
    expect(imageSource({})).to.equal('auto');
    expect(imageSource({ E2E_IMAGES: 'local' })).to.equal('local');
    expect(() => imageSource({ E2E_IMAGES: 'remote' })).to.throw('registry, local or auto');
  });
});
