import { GROUP, KINDS, type OwnerReference } from '@backendai-e2e/api/group';
import type { Role, RoleBinding, ServiceAccount } from '@backendai-e2e/kube/builtin-resources';
import type { Intent } from '@backendai-e2e/kube/object';

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
 * What the pod of one attempt may do at the API server: read and write its own TestReport, and nothing else. A disruptive
 * suite may also ask for Faults. RBAC cannot limit a creation to names; that an attempt asks in its own name only, and
 * touches only its own Faults, is the admission policy's part (charts/e2e-operator/templates/fault-policy.yaml), and that it
 * asks for its own environment the operator's (operator/faults/accept.ts).
 * The account's token is not mounted by default; only the attempt's pod asks for it.
 */
export function attemptAccess(
  { name, namespace, labels, owner }: AttemptIdentity,
  { disruptive }: { disruptive: boolean },
): AttemptAccess {
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
        ...(disruptive
          ? [
              {
                apiGroups: [GROUP],
                resources: [KINDS.Fault.plural],
                verbs: ['get', 'create', 'patch', 'delete'],
              },
            ]
          : []),
      ],
    },
    roleBinding: {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  };
}
