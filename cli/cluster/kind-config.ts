import { parse, parseDocument } from 'yaml';
import type { Host } from '../machine/host.ts';

/**
 * kind-config.yaml with what this host and node image need beside it.
 * - Without CAP_SYS_RESOURCE, the kubelet cannot set some limits. Its feature for user namespaces tolerates that.
 * - Where the node image has a network of its own, kind must not install another.
 * @param text the project's kind-config.yaml
 * @param containerd where the engine's host has the data that the node's containerd starts with; left out: that of the image
 */
export function renderKindConfig(
  text: string,
  host: Pick<Host, 'missingCapabilities'>,
  network: 'kind' | 'static',
  containerd?: string,
): string {
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem !== undefined) throw new Error(`kind-config.yaml: ${problem.message}`);
  if (host.missingCapabilities.includes('CAP_SYS_RESOURCE')) {
    document.setIn(['featureGates', 'KubeletInUserNamespace'], true);
  }
  if (network === 'static') document.setIn(['networking', 'disableDefaultCNI'], true);
  if (containerd !== undefined) {
    const mount = { hostPath: containerd, containerPath: '/var/lib/containerd' };
    document.setIn(['nodes', 0, 'extraMounts'], [mount]);
  }
  return document.toString();
}

/**
 * The addresses of a cluster's Services and pods, as its configuration says. Otherwise those that kind uses.
 * @param text of a kind-config.yaml
 */
export function subnets(text: string): { services: string; pods: string } {
  const { networking = {} }: { networking?: { serviceSubnet?: string; podSubnet?: string } } = parse(text);
  const { serviceSubnet: services = '10.96.0.0/16', podSubnet: pods = '10.244.0.0/16' } = networking;
  return { services, pods };
}
