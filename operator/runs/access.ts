import { GROUP, KINDS, type OwnerReference } from '../api/group.ts';
import type { Role, RoleBinding, ServiceAccount } from '../runtime/builtin-resources.ts';
import type { Intent } from '../runtime/kube-object.ts';

/** What one attempt is called and who owns it. */
export interface AttemptIdentity {
  /** From attemptName. */
  name: string;
  namespace: string;
  labels: Record<string, string>;
  owner: OwnerReference;
}

export interface AttemptAccess {
  serviceAccount: Intent<ServiceAccount>;
  role: Intent<Role>;
  roleBinding: Intent<RoleBinding>;
}

/**
 * What the pod of one attempt may do at the API server: read and write its own TestReport, and nothing else.
 * The account's token is not mounted by default; only the attempt's pod asks for it.
 */
export function attemptAccess({ name, namespace, labels, owner }: AttemptIdentity): AttemptAccess {
  const metadata = { name, namespace, labels, ownerReferences: [owner] };
  const { plural } = KINDS.TestReport;
  return {
    serviceAccount: { metadata, automountServiceAccountToken: false },
    role: {
      metadata,
      rules: [
        {
          apiGroups: [GROUP],
          resources: [plural, `${plural}/status`],
          resourceNames: [name],
          verbs: ['get', 'patch'],
        },
      ],
    },
    roleBinding: {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  };
}
