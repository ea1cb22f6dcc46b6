import { networkInterfaces } from 'node:os';
import { isAlreadyExists } from '@backendai-e2e/kube/api-error';
import { PODS, SERVICES } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';

interface Endpoints extends KubeObject {
  subsets: object[];
}
/** What the API server's proxy of Services goes by; elsewhere a controller makes them. */
const ENDPOINTS: Resource<Endpoints> = { apiVersion: 'v1', kind: 'Endpoints', plural: 'endpoints' };

/** An address of this machine to which the API server connects for a Service: it refuses loopback ones. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found)
    throw new Error(
      'this machine has no IPv4 address but its loopback: the API server reaches no Service here',
    );
  return found.address;
}

/**
 * Makes a Service whose port "http" leads to a port of this machine, as the API server's proxy sees it: it only goes where a pod
 * says that it is.
 */
export async function serviceTo(
  client: KubeClient,
  at: { namespace: string; name: string },
  port: number,
): Promise<void> {
  const ip = ownAddress();
  try {
    await client.create(SERVICES, { metadata: at, spec: { ports: [{ name: 'http', port: 8080 }] } });
  } catch (error) {
    // A release of the chart has brought it.
    if (!isAlreadyExists(error)) throw error;
  }
  const pod = await client.create(PODS, {
    metadata: at,
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'main',
          image: 'this:process',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  });
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }] };
  await client.mergePatch(PODS, at, { status }, { subresource: 'status' });
  const targetRef = { kind: 'Pod', ...at, uid: pod.metadata.uid };
  await client.create(ENDPOINTS, {
    metadata: at,
    subsets: [{ addresses: [{ ip, targetRef }], ports: [{ name: 'http', port }] }],
  });
}
