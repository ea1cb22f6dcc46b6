import { NAMES } from '@backendai-e2e/cli/kind/names';
import { stringify } from 'yaml';
import { listenArguments } from './connections.ts';

/** The namespaces of the probes: of operator and suites, of an environment, and one without meaning to the project. */
export const SPACES = {
  operator: NAMES.operatorNamespace,
  environment: NAMES.environmentNamespace,
  other: 'network-probes',
} as const;

/** Seconds after which a probe ends. */
const PROBE_SECONDS = 7_200;

/** A pod that stands for one end of a connection. The real one lives too short, or cannot accept connections on these ports. */
export interface Probe {
  namespace: string;
  pod: string;
  /** What the policies know it by. */
  labels: Record<string, string>;
  /** TCP ports on which it accepts connections. */
  ports: number[];
}

const SUITE = { 'e2e.backend.ai/run': 'network-probes' };

/** The probes, by the name of the end in docs/network-policies.md. `release`: helm release of the operator. */
export function probes(release: string): Record<string, Probe> {
  const beside = (name: string, labels: Record<string, string>): Probe => ({
    ...{ namespace: SPACES.operator, pod: `probe-${name}`, labels },
    ports: [8080, 9229],
  });
  const inEnvironment = { namespace: SPACES.environment, pod: 'probe', labels: {}, ports: [30_000] };
  return {
    suite: beside('suite', SUITE),
    'other suite': beside('other-suite', SUITE),
    'undoing of a suite': beside('undoing', SUITE),
    'scheduled run': beside('scheduled-run', {
      'app.kubernetes.io/name': 'e2e-tick',
      'app.kubernetes.io/instance': release,
    }),
    'session of an environment': inEnvironment,
    'component of an environment': inEnvironment,
    'pod of another namespace': { namespace: SPACES.other, pod: 'probe', labels: {}, ports: [5432] },
  };
}

/** YAML of the namespace and the pods. `image`: one with Node.js. */
export function probeManifest(all: readonly Probe[], image: string): string {
  const pods = new Map(all.map((probe) => [`${probe.namespace}/${probe.pod}`, probe]));
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SPACES.other } },
    ...[...pods.values()].map(({ namespace, pod, labels, ports }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod, namespace, labels: { ...labels, 'e2e.backend.ai/probe': 'network' } },
      spec: {
        automountServiceAccountToken: false,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'probe',
            image,
            imagePullPolicy: 'IfNotPresent',
            command: ['node', ...listenArguments(ports, PROBE_SECONDS)],
            resources: { requests: { cpu: '1m', memory: '32Mi' }, limits: { memory: '128Mi' } },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    })),
  ];
  return objects.map((object) => stringify(object)).join('---\n');
}
