import type { Pod, Service } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { peersOf } from './peers.ts';

const pod = (name: string, component: string, ip: string): Pod => ({
  metadata: { name, uid: name, labels: { 'app.kubernetes.io/component': component, all: 'yes' } },
  spec: { containers: [{ name: 'main', ports: [{ containerPort: 6379, name: 'main' }] }] },
  status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
});
const service = (
  name: string,
  clusterIP: string,
  selector: Record<string, string>,
  port = 6379,
): Service => ({
  metadata: { name },
  spec: { clusterIPs: [clusterIP], selector, ports: [{ port, targetPort: 'main' }] },
});
const pods = [
  pod('v0', 'valkey', '10.0.0.9'),
  pod('m0', 'manager', '10.0.0.1'),
  pod('m1', 'manager', '10.0.0.2'),
];
const valkey = { 'app.kubernetes.io/component': 'valkey' };
const manager = { 'app.kubernetes.io/component': 'manager' };

describe('the other side of a partition', () => {
  it('has the addresses of its pods and of their Service', () => {
    const services = [service('valkey', '10.96.0.1', valkey), service('headless', 'None', valkey)];
    expect(peersOf({ from: { component: 'valkey' } }, { uid: 'm0' }, pods, services)).to.deep.equal({
      addresses: ['10.0.0.9', '10.96.0.1'],
      ports: [],
      probes: ['10.0.0.9:6379'],
    });
  });

  it('excludes the target, and a Service that also has other pods', () => {
    const services = [service('everything', '10.96.0.2', { all: 'yes' }), service('m', '10.96.0.3', manager)];
    const peers = peersOf({ from: { component: 'manager' } }, { uid: 'm0' }, pods, services);
    expect(peers.addresses).to.deep.equal(['10.0.0.2']);
  });

  it('has the port of the Service too', () => {
    const services = [service('valkey', '10.96.0.1', valkey, 7000)];
    const peers = peersOf({ from: { component: 'valkey' }, ports: [6379] }, { uid: 'm0' }, pods, services);
    expect(peers.ports).to.deep.equal([6379, 7000]);
    const other = peersOf({ from: { component: 'valkey' }, ports: [80] }, { uid: 'm0' }, pods, services);
    expect(other).to.deep.include({ ports: [80], probes: ['10.0.0.9:80'] });
  });
});
