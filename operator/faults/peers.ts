import type { FaultSpec } from '@backendai-e2e/api/fault';
import type { Pod, Service } from '@backendai-e2e/kube/builtin-resources';
import { isLive } from './targets.ts';

/** The other side of a partition, as packets in the target's network namespace address it. */
export interface Peers {
  /** Addresses of pods and of their Services, whose addresses are translated only outside the pod. */
  addresses: string[];
  /** TCP ports of the listening side, of pods and of Services; empty: all traffic. */
  ports: number[];
  /** "address:port", one per pod, to which the probe tries to connect. */
  probes: string[];
}

/** Port to probe if no listening port is known: a refused connection is an answer too. */
const ANY_PORT = 9;

/** The pods of the other side, their Services, and how to reach them. Pure; addresses are sorted. */
export function peersOf(
  partition: NonNullable<FaultSpec['networkPartition']>,
  target: { uid: string },
  pods: readonly Pod[],
  services: readonly Service[],
): Peers {
  const { component } = partition.from;
  const wanted = partition.ports ?? [];
  const others = pods.filter((pod) => isLive(pod, component) && pod.metadata.uid !== target.uid);
  const own = services.filter((service) => leadsOnlyTo(service, others, pods));
  const addresses = [
    ...others.flatMap((pod) => (pod.status?.podIPs ?? []).map(({ ip }) => ip)),
    ...own.flatMap((service) => service.spec?.clusterIPs ?? []),
  ].filter((address): address is string => address !== undefined && address !== 'None' && address !== '');
  const serviceports = own.flatMap((service) =>
    (service.spec?.ports ?? [])
      .filter((port) => wanted.includes(Number(targetPort(port.targetPort, others) ?? port.port)))
      .map((port) => port.port),
  );
  const probes = others.flatMap((pod) => {
    const ip = pod.status?.podIP;
    const port = wanted[0] ?? tcpPorts(pod)[0]?.containerPort ?? ANY_PORT;
    return ip ? [`${ip}:${port}`] : [];
  });
  return {
    addresses: [...new Set(addresses)].sort(),
    ports: [...new Set([...wanted, ...serviceports])].sort((a, b) => a - b),
    probes: probes.sort(),
  };
}

/** Whether all pods behind the Service are peers: other pods must stay reachable. */
function leadsOnlyTo(service: Service, peers: readonly Pod[], pods: readonly Pod[]): boolean {
  const selector = Object.entries(service.spec?.selector ?? {});
  if (selector.length === 0) return false;
  const led = pods.filter((pod) =>
    selector.every(([name, value]) => pod.metadata.labels?.[name] === value && !ended(pod)),
  );
  return led.length > 0 && led.every((pod) => peers.includes(pod) || pod.metadata.deletionTimestamp);
}

function ended(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** A port of a pod by number or name. */
function targetPort(wanted: string | number | object | undefined, pods: readonly Pod[]): number | undefined {
  if (typeof wanted === 'number') return wanted;
  const named = pods.flatMap(tcpPorts).find((port) => port.name === wanted);
  return named?.containerPort;
}

function tcpPorts(pod: Pod) {
  return (pod.spec?.containers ?? [])
    .flatMap((container) => container.ports ?? [])
    .filter((port) => port.protocol === undefined || port.protocol === 'TCP');
}
