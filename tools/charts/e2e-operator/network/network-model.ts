import type { Manifest } from '../../rendering/e2e-operator.ts';

/** A selector of labels, as in Kubernetes. */
interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}
interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { protocol?: string; port?: number }[];
}

/** What the model reads of a NetworkPolicy. */
export interface NetworkPolicy {
  metadata: { name: string; namespace?: string };
  spec: { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] };
}

/** One end of a connection. Without labels it is no pod: the API server, or a host outside of the cluster. */
export interface Party {
  namespace?: string;
  namespaceLabels?: Labels;
  labels?: Labels;
}

type Labels = Record<string, string | undefined>;

/** The NetworkPolicies among rendered objects. */
export function networkPolicies(objects: readonly Manifest[]): NetworkPolicy[] {
  // The cast: the kind distinguishes them.
  return objects.filter(({ kind }) => kind === 'NetworkPolicy') as unknown[] as NetworkPolicy[];
}

/**
 * Whether one party may open a connection to another where the network enforces these policies. The policies of both must
 * allow it (kubernetes.io/docs/concepts/services-networking/network-policies). A pod that no policy selects for a direction is
 * open in it. Blocks of addresses, ranges and names of ports are not modelled.
 */
export function allows(
  policies: readonly NetworkPolicy[],
  from: Party,
  to: Party,
  port: number,
  protocol = 'TCP',
): boolean {
  const at = { port, protocol };
  return (
    direction(policies, 'Egress', from, ({ spec }) => spec.egress, to, at) &&
    direction(policies, 'Ingress', to, ({ spec }) => spec.ingress, from, at)
  );
}

function direction(
  policies: readonly NetworkPolicy[],
  type: 'Egress' | 'Ingress',
  own: Party,
  rulesOf: (policy: NetworkPolicy) => Rule[] | undefined,
  other: Party,
  at: { port: number; protocol: string },
): boolean {
  const { labels } = own;
  if (!labels) return true;
  const applying = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === own.namespace &&
      spec.policyTypes.includes(type) &&
      selects(spec.podSelector, labels),
  );
  if (applying.length === 0) return true;
  return applying.some((policy) =>
    (rulesOf(policy) ?? []).some((rule) => {
      const peers = rule.to ?? rule.from;
      return (
        (peers === undefined || peers.some((peer) => isPeer(peer, other, policy.metadata.namespace))) &&
        (rule.ports === undefined ||
          rule.ports.some(
            ({ protocol = 'TCP', port }) =>
              protocol === at.protocol && (port === undefined || port === at.port),
          ))
      );
    }),
  );
}

/** A peer without a selector of namespaces is in that of the policy. A selector matches pods only. */
function isPeer(peer: Peer, { namespace, namespaceLabels = {}, labels }: Party, own?: string): boolean {
  if (!labels) return false;
  const there = peer.namespaceSelector ? selects(peer.namespaceSelector, namespaceLabels) : namespace === own;
  return there && selects(peer.podSelector ?? {}, labels);
}

/** Whether labels match a selector. An empty one matches all. Throws for an operator that the charts do not use. */
function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return key in labels;
      if (operator === 'In') return values.includes(labels[key] ?? '');
      throw new Error(`the model has no operator ${operator} of selectors`);
    })
  );
}
