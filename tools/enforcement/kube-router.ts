import { stringify } from 'yaml';

/** Where it runs, and the name of all its objects. */
export const KUBE_ROUTER = { namespace: 'kube-system', name: 'kube-router' } as const;
/** Where it answers /healthz: upstream's default, on the node's own network. */
const HEALTH_PORT = 20_244;

/**
 * kube-router as a firewall alone: it enforces NetworkPolicies with iptables and ipset, and leaves routes and Services to others.
 * What it reads is what its daemonset/kube-router-firewall-daemonset.yaml grants for that.
 * @param services addresses of Services, as `networking.serviceSubnet` of kind-config.yaml
 * @returns YAML for kubectl apply
 */
export function kubeRouter(image: string, services: string): string {
  const { name, namespace } = KUBE_ROUTER;
  const labels = { app: name };
  const read = ['get', 'list', 'watch'];
  const container = {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: [
      ...['--run-firewall=true', '--run-router=false', '--run-service-proxy=false'],
      ...['--enable-cni=false', `--service-cluster-ip-range=${services}`, `--health-port=${HEALTH_PORT}`],
    ],
    env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    readinessProbe: { httpGet: { path: '/healthz', port: HEALTH_PORT }, periodSeconds: 2, timeoutSeconds: 5 },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    // Rules of the node's network need root with these two rights, and nothing else.
    securityContext: {
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
    },
    volumeMounts: [{ name: 'lock', mountPath: '/run/xtables.lock' }],
  };
  const pod = {
    serviceAccountName: name,
    hostNetwork: true,
    priorityClassName: 'system-node-critical',
    tolerations: [{ operator: 'Exists' }],
    containers: [container],
    // kube-proxy writes rules, too: both take the same lock.
    volumes: [{ name: 'lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } }],
  };
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: [
        { apiGroups: [''], resources: ['namespaces', 'pods', 'services', 'nodes', 'endpoints'], verbs: read },
        { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: read },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name, namespace },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
  ];
  return objects.map((object) => stringify(object)).join('---\n');
}
