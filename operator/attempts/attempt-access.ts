import { GROUP, KINDS, type OwnerReference } from '@backendai-e2e/api/group';
import type { Role, RoleBinding, ServiceAccount } from '@backendai-e2e/kube/builtin-resources';
import type { Intent } from '@backendai-e2e/kube/object';

/** The name and the owner of one attempt. */
export interface AttemptIdentity {
  /** From attemptName. */
  name: string;
  namespace: string;
  labels: Record<string, string>;
  owner: OwnerReference;
}

/** The account of an attempt with its rights, as they are applied. */
export interface AttemptAccess {
  serviceAccount: Intent<ServiceAccount>;
  role: Intent<Role>;
  roleBinding: Intent<RoleBinding>;
}

/**
 * The rights of one attempt's pod: read its own TestReport, write its status, and nothing else. RBAC cannot limit a write to
 * fields. The admission policy limits it to the results (charts/e2e-operator/templates/report-policy.yaml).
 *
 * A disruptive suite may also create Faults. RBAC cannot limit a creation to names. The admission policy limits an attempt to
 * its own name and its own Faults (charts/e2e-operator/templates/fault-policy.yaml). The operator limits it to its own
 * environment (operator/faults/accept.ts).
 *
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
        { apiGroups: [GROUP], resources: [plural], resourceNames: [name], verbs: ['get'] },
        {
          apiGroups: [GROUP],
          resources: [`${plural}/status`],
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
