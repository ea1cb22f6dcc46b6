import { GROUP, LABELS, OPERATOR_NAME } from '@backendai-e2e/api/group';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { Namespace, RoleBinding } from '@backendai-e2e/kube/builtin-resources';
import type { Intent } from '@backendai-e2e/kube/object';

/** Annotation of a namespace: its TestEnvironment, as namespace/name. Only that environment may delete it. */
export const OWNER_ANNOTATION = `${GROUP}/owner`;

/** The namespace of an environment's deployment. */
export function namespaceOf(environment: TestEnvironment): string {
  return environment.status?.namespace ?? environment.spec.namespace ?? `bai-${environment.metadata.name}`;
}

/** The namespace to create. Pod Security is privileged there: agents run a container engine. */
export function environmentNamespace(environment: TestEnvironment): Intent<Namespace> {
  return {
    metadata: {
      name: namespaceOf(environment),
      labels: {
        [LABELS.environment]: environment.metadata.name,
        'app.kubernetes.io/managed-by': OPERATOR_NAME,
        'pod-security.kubernetes.io/enforce': 'privileged',
      },
      annotations: { [OWNER_ANNOTATION]: ownerOf(environment) },
    },
  };
}

/** Whether the namespace was created for this environment. */
export function isOwn(namespace: Namespace, environment: TestEnvironment): boolean {
  return namespace.metadata.annotations?.[OWNER_ANNOTATION] === ownerOf(environment);
}

/** Whom the namespace belongs to, as a phrase for a message to another environment. */
export function ownerInWords({ metadata }: Namespace): string {
  const owner = metadata.annotations?.[OWNER_ANNOTATION];
  if (owner === undefined)
    return `namespace ${metadata.name} exists and was not made for this TestEnvironment`;
  return `namespace ${metadata.name} belongs to TestEnvironment ${owner}`;
}

function ownerOf({ metadata }: TestEnvironment): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** The operator's account at the API server, and its role inside environments. */
export interface OperatorIdentity {
  namespace: string;
  serviceAccount: string;
  /** ClusterRole that is bound to the operator in each environment's namespace. */
  environmentRole: string;
}

/** Grants the operator its rights inside one environment's namespace, and nowhere else. */
export function environmentRoleBinding(namespace: string, identity: OperatorIdentity): Intent<RoleBinding> {
  return {
    metadata: {
      name: OPERATOR_NAME,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': OPERATOR_NAME },
    },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: identity.environmentRole },
    subjects: [{ kind: 'ServiceAccount', name: identity.serviceAccount, namespace: identity.namespace }],
  };
}

/** What blocks the deletion of a namespace, from its conditions; undefined when they give no reason. */
export function whatHolds(namespace: Namespace): string | undefined {
  const held = (namespace.status?.conditions ?? []).filter(
    (condition) => condition.status === 'True' && condition.type !== 'NamespaceDeletionDiscoveryFailure',
  );
  if (held.length === 0) return undefined;
  return held.map((condition) => condition.message ?? condition.reason ?? condition.type).join('; ');
}
