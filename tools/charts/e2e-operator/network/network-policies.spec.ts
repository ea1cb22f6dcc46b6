import { LABELS } from '@backendai-e2e/api/group';
import { testEnvironment } from '@backendai-e2e/api/object-fixtures';
import { environmentNamespace } from '@backendai-e2e/operator/environments/namespace';
import { expect } from 'chai';
import {
  CHART,
  IMAGES,
  type Manifest,
  type NetworkPolicySpec,
  template,
} from '../../rendering/e2e-operator.ts';

describe('charts/e2e-operator', () => {
  let objects: Manifest[];
  before(async () => {
    objects = await template(CHART, ...IMAGES);
  });

  it('installs NetworkPolicies for the operator and the suites of each namespace', async () => {
    const set = 'watchNamespaces={a,b},networkPolicies.suitesEgress[0].ports[0].port=8090';
    const policies = (await template(CHART, ...IMAGES, '--set', set)).filter(
      ({ kind }) => kind === 'NetworkPolicy',
    );
    expect(policies.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).to.have.members([
      'a/backendai-e2e-operator-suites',
      'b/backendai-e2e-operator-suites',
      'ns/backendai-e2e-artifacts',
      'ns/backendai-e2e-operator',
    ]);
    const suites = policies.find(({ metadata }) => metadata.namespace === 'a') as unknown as
      | { spec: NetworkPolicySpec }
      | undefined;
    expect(suites?.spec.podSelector).to.deep.equal({
      matchExpressions: [{ key: LABELS.run, operator: 'Exists' }],
    });
    expect(suites?.spec.policyTypes).to.deep.equal(['Ingress', 'Egress']);
    expect(suites?.spec.ingress, 'no pod may call a suite').to.equal(undefined);
    const environments = suites?.spec.egress.find(({ to }) => to);
    expect(environments).to.deep.equal({
      to: [{ namespaceSelector: { matchExpressions: [{ key: LABELS.environment, operator: 'Exists' }] } }],
    });
    expect(suites?.spec.egress.at(-1)).to.deep.equal({ ports: [{ port: 8090 }] });
  });

  it('allows metrics and probes to reach the operator, and the egress in docs/network-policies.md', async () => {
    const policies = await template(
      CHART,
      ...IMAGES,
      '--set',
      'networkPolicies.apiServerPorts={6443}',
      ...['--show-only', 'templates/network-policies.yaml'],
    );
    const policy = policies.find(({ metadata }) => metadata.name === 'backendai-e2e-operator');
    const { spec } = policy as unknown as { spec: NetworkPolicySpec };
    const deployment = objects.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'backendai-e2e-operator',
    ) as unknown as {
      spec: { template: { metadata: { labels: Record<string, string> } } };
    };
    const selected = spec.podSelector as { matchLabels: Record<string, string> };
    expect(deployment.spec.template.metadata.labels).to.include(selected.matchLabels);
    expect(spec.policyTypes).to.deep.equal(['Ingress', 'Egress']);
    expect(spec.ingress).to.deep.equal([{ ports: [{ protocol: 'TCP', port: 8080 }] }]);
    expect(spec.egress).to.deep.equal([
      {
        ports: [
          { protocol: 'UDP', port: 53 },
          { protocol: 'TCP', port: 53 },
          { protocol: 'TCP', port: 6443 },
        ],
      },
      {
        to: [{ namespaceSelector: { matchExpressions: [{ key: LABELS.environment, operator: 'Exists' }] } }],
        ports: [{ protocol: 'TCP', port: 6379 }],
      },
      {
        to: [
          {
            podSelector: {
              matchLabels: {
                'app.kubernetes.io/name': 'e2e-artifacts',
                'app.kubernetes.io/instance': 'e2e',
              },
            },
          },
        ],
        ports: [{ protocol: 'TCP', port: 8080 }],
      },
    ]);
    // What makes a namespace one of an environment for these rules.
    expect(environmentNamespace(testEnvironment('e2e')).metadata.labels).to.have.property(
      LABELS.environment,
      'e2e',
    );
  });
});
