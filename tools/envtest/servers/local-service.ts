import { networkInterfaces } from 'node:os';
import { isAlreadyExists } from '@backendai-e2e/kube/api-error';
import { PODS, SERVICES } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';

interface Endpoints extends KubeObject {
  subsets: object[];
}
/** The API server's Service proxy reads these. In a full cluster, a controller creates them. */
const ENDPOINTS: Resource<Endpoints> = { apiVersion: 'v1', kind: 'Endpoints', plural: 'endpoints' };

/** An address of this machine that the API server accepts for a Service. It refuses loopback addresses. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found)
    throw new Error(
      'This machine has only loopback IPv4 addresses. The API server cannot reach a Service here: connect a network interface.',
    );
  return found.address;
}

/**
 * Creates a Service whose port "http" leads to a port of this machine through the API server's proxy. Also creates the pod that
 * has this machine's address: the proxy connects only to addresses of pods.
 */
export async function createLocalService(
  client: KubeClient,
  at: { namespace: string; name: string },
  port: number,
): Promise<void> {
  const ip = ownAddress();
  try {
    await client.create(SERVICES, { metadata: at, spec: { ports: [{ name: 'http', port: 8080 }] } });
  } catch (error) {
    // A release of the chart has created it.
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
