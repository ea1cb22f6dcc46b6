import { expect } from 'chai';
import { parse } from 'yaml';
import { missingRefs } from './kind-cluster.ts';
import { renderKindConfig, subnets } from './kind-config.ts';

const TEXT = 'kind: Cluster\nnodes:\n  - role: control-plane\nnetworking:\n  podSubnet: 10.244.0.0/16\n';

describe("kind's configuration", () => {
  it('is the file itself on an ordinary machine with an image of a registry', () => {
    expect(parse(renderKindConfig(TEXT, { missingCapabilities: [] }, 'kind'))).to.deep.equal(parse(TEXT));
  });
  it("turns the kubelet's feature on where the machine lacks CAP_SYS_RESOURCE", () => {
    const config: unknown = parse(
      renderKindConfig(TEXT, { missingCapabilities: ['CAP_SYS_RESOURCE'] }, 'kind'),
    );
    expect(config).to.have.deep.property('featureGates', { KubeletInUserNamespace: true });
  });
  it("keeps kind's network out of a node image that has one, and the subnet as it was", () => {
    const config: unknown = parse(renderKindConfig(TEXT, { missingCapabilities: [] }, 'static'));
    expect(config).to.have.deep.property('networking', {
      podSubnet: '10.244.0.0/16',
      disableDefaultCNI: true,
    });
  });
  it("mounts the data that the node's containerd starts with", () => {
    const config: unknown = parse(renderKindConfig(TEXT, { missingCapabilities: [] }, 'kind', '/volume/e2e'));
    expect(config).to.have.deep.nested.property('nodes[0].extraMounts', [
      { hostPath: '/volume/e2e', containerPath: '/var/lib/containerd' },
    ]);
  });
  it('is refused where the file is broken', () => {
    expect(() => renderKindConfig('nodes: [', { missingCapabilities: [] }, 'kind')).to.throw(
      'kind-config.yaml',
    );
  });
});

describe('the addresses of a cluster', () => {
  it('are those of its configuration, else those that kind takes', () => {
    const text = 'networking: { serviceSubnet: 10.7.0.0/16, podSubnet: 10.8.0.0/16 }';
    expect(subnets(text)).to.deep.equal({ services: '10.7.0.0/16', pods: '10.8.0.0/16' });
    expect(subnets('kind: Cluster')).to.deep.equal({ services: '10.96.0.0/16', pods: '10.244.0.0/16' });
  });
});

describe('loading images', () => {
  it('leaves out what a node holds, under its short or its full name', () => {
    const held = ['docker.io/backendai-e2e/operator:aaaa', 'registry.example/x:1', 'sha256:bbbb'];
    expect(
      missingRefs(['backendai-e2e/operator:aaaa', 'backendai-e2e/suites:cccc', 'registry.example/x:1'], held),
    ).to.deep.equal(['backendai-e2e/suites:cccc']);
  });
});
