import { expect } from 'chai';
import { builtName, isOlder } from './go.ts';
import { ldflags, recipeOf, throwAwayModule } from './tool-recipes.ts';
import { isGoodEnough } from './tools.ts';
import { parseVersions, VERSIONS } from './versions.ts';

const pinned = { kind: 'v0.33.0', helm: 'v4.3.1', kubernetes: 'v1.34.4' };

describe('a tool on PATH', () => {
  it('kind: as new as the pinned one', () => {
    expect(isGoodEnough('kind', 'v0.33.0', pinned)).to.equal(true);
    expect(isGoodEnough('kind', '0.34.1', pinned)).to.equal(true);
    expect(isGoodEnough('kind', 'v0.29.0', pinned)).to.equal(false);
  });
  it('helm: of the same major release', () => {
    expect(isGoodEnough('helm', 'v4.0.0', pinned)).to.equal(true);
    expect(isGoodEnough('helm', 'v3.19.0', pinned)).to.equal(false);
  });
  it('kubectl: at most one minor release away', () => {
    const good = ['v1.32.4', 'v1.33.0', 'v1.34.9', 'v1.35.0', 'v1.36.0'].filter((version) =>
      isGoodEnough('kubectl', version, pinned),
    );
    expect(good).to.deep.equal(['v1.33.0', 'v1.34.9', 'v1.35.0']);
  });
  it('a part of the control plane: never', () => {
    expect(isGoodEnough('kube-apiserver', 'v1.34.4', pinned)).to.equal(false);
  });
});

describe('building a tool', () => {
  it('replaces the modules that Kubernetes keeps in its own tree by their published releases', () => {
    const upstream = [
      'module k8s.io/kubernetes',
      'go 1.24.0',
      'replace (',
      '\tk8s.io/api => ./staging/src/k8s.io/api',
      '\tk8s.io/client-go => ./staging/src/k8s.io/client-go',
      ')',
    ].join('\n');
    expect(throwAwayModule('k8s.io/kubernetes', 'v1.34.4', upstream).split('\n')).to.include.members([
      'go 1.24.0',
      'require k8s.io/kubernetes v1.34.4',
      'replace k8s.io/api => k8s.io/api v0.34.4',
      'replace k8s.io/client-go => k8s.io/client-go v0.34.4',
    ]);
  });
  it('stamps the version that kubeadm and kubelet compare', () => {
    const flags = ldflags(recipeOf('kubeadm', VERSIONS));
    expect(flags).to.include(`-X k8s.io/component-base/version.gitVersion=${VERSIONS.kubernetes}`);
    expect(flags).to.match(/version\.gitMajor=1 .*version\.gitMinor=\d+ /);
  });
  it('keeps all of Kubernetes in one folder and others in their own', () => {
    expect(recipeOf('kubectl', VERSIONS).folder).to.equal(recipeOf('kubelet', VERSIONS).folder);
    expect(recipeOf('helm', VERSIONS).folder).to.equal(`helm-${VERSIONS.helm}`);
  });
  it('finds the binary under the name that Go gives it', () => {
    expect(builtName('go.etcd.io/etcd/server/v3')).to.equal('server');
    expect(builtName('helm.sh/helm/v4/cmd/helm')).to.equal('helm');
    expect(builtName('sigs.k8s.io/kind')).to.equal('kind');
  });
  it('compares versions by number, not by letter', () => {
    expect(isOlder('1.9.0', '1.24.0')).to.equal(true);
    expect(isOlder('1.26.8', '1.24.0')).to.equal(false);
    expect(isOlder('v1.24.0-rc1', '1.24')).to.equal(false);
  });
});

describe('versions.json', () => {
  it('names the pin that is missing', () => {
    const { helm: _, ...rest } = { ...VERSIONS };
    expect(() => parseVersions(JSON.stringify(rest))).to.throw('"helm" is missing');
  });
});
