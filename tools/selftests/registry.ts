import { stringify } from 'yaml';

/** Port of the selftest's registry on every node. */
export const REGISTRY_PORT = 30_500;

/**
 * A registry in the cluster, reached at localhost:30500 on each node. Container runtimes use plain HTTP for localhost, so no
 * node needs a configuration for it.
 */
export function registryManifest(namespace: string, image: string): string {
  const labels = { app: 'registry' };
  const container = {
    name: 'registry',
    image,
    ports: [{ containerPort: 5000 }],
    // On a busy machine it must stay in its Service during a push.
    readinessProbe: {
      httpGet: { path: '/v2/', port: 5000 },
      periodSeconds: 2,
      timeoutSeconds: 10,
      failureThreshold: 30,
    },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '512Mi' } },
  };
  const securityContext = { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 };
  const pod = {
    automountServiceAccountToken: false,
    securityContext,
    containers: [container],
    volumes: [{ name: 'data', emptyDir: { sizeLimit: '2Gi' } }],
  };
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'registry', namespace },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'registry', namespace },
      spec: { type: 'NodePort', selector: labels, ports: [{ port: 5000, nodePort: REGISTRY_PORT }] },
    },
  ];
  return objects.map((object) => stringify(object)).join('---\n');
}
