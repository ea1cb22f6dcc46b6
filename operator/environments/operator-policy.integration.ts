import { NAMESPACES, ROLE_BINDINGS, type RoleBinding } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

const ACCOUNT = 'backendai-e2e-operator';

describe("the token of the operator's account", function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let operator: KubeClient;
  let foreign: string;
  let own: string;
  let role: string;

  before(async () => {
    harness = await startOperatorHarness();
    foreign = `${harness.namespace}-foreign`;
    own = `${harness.namespace}-own`;
    role = `${ACCOUNT}-${harness.namespace}-environment`;
    await harness.plane.createNamespace(foreign);
    operator = new KubeClient((await harness.plane.serviceAccount(harness.namespace, ACCOUNT)).kubeConfig);
    // The API server needs a moment for a new policy.
    await until('the policy is in force', async () => {
      const said = await makeNamespace(`${harness.namespace}-probe`, {}).then(() => 'made', String);
      if (said === 'made') await harness.client.delete(NAMESPACES, { name: `${harness.namespace}-probe` });
      return said.includes('its environments only');
    });
  });
  after(async () => {
    await operator?.close();
    await harness?.stop();
  });

  function makeNamespace(name: string, annotations: Record<string, string>) {
    const labels = {
      'app.kubernetes.io/managed-by': 'backendai-e2e-operator',
      'e2e.backend.ai/environment': 'own',
    };
    return operator.create(NAMESPACES, { metadata: { name, labels, annotations } });
  }

  function bind(namespace: string, changes: { name?: string; role?: string; subject?: string } = {}) {
    const binding = {
      metadata: { name: changes.name ?? ACCOUNT, namespace },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: changes.role ?? role,
      },
      subjects: [{ kind: 'ServiceAccount', name: changes.subject ?? ACCOUNT, namespace: harness.namespace }],
    };
    return operator.create(ROLE_BINDINGS, binding).then(() => 'bound', String);
  }

  it('binds no rights in a namespace that the operator did not create', async () => {
    for (const namespace of [foreign, 'kube-system', 'default']) {
      expect(await bind(namespace), namespace).to.match(
        /in its own namespace and in namespaces of its environ/,
      );
    }
    const at = { namespace: foreign, name: ACCOUNT };
    expect(await harness.client.get(ROLE_BINDINGS, at)).to.equal(undefined);
  });

  it('deletes no such namespace, nor creates one for another', async () => {
    const said = await operator.delete(NAMESPACES, { name: foreign }).then(() => 'deleted', String);
    expect(said).to.match(/creates and deletes namespaces of its environments only/);
    const kept = await harness.client.get(NAMESPACES, { name: foreign });
    expect(kept?.metadata.deletionTimestamp).to.equal(undefined);
    for (const owner of ['elsewhere/own', harness.namespace, '']) {
      const answer = await makeNamespace(own, { 'e2e.backend.ai/owner': owner }).then(() => 'made', String);
      expect(answer, owner).to.match(/of its environments only/);
    }
  });

  it('cannot make a namespace its own', async () => {
    const patch = { metadata: { annotations: { 'e2e.backend.ai/owner': `${harness.namespace}/x` } } };
    const answer = await operator.mergePatch(NAMESPACES, { name: foreign }, patch).then(() => 'done', String);
    expect(answer).to.match(/cannot patch resource "namespaces"/);
  });

  it('binds one role to itself, and deletes what it created', async () => {
    await makeNamespace(own, { 'e2e.backend.ai/owner': `${harness.namespace}/own` });
    expect(await bind(own, { name: 'other', subject: 'default' })).to.match(/to itself only/);
    expect(await bind(own)).to.equal('bound');
    expect(await operator.delete(NAMESPACES, { name: own })).to.equal(true);
  });

  it('binds beside itself only the Role of an attempt to the account of that attempt', async () => {
    const { namespace } = harness;
    await harness.grant('an-attempt', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }], []);
    const binding = (subject: string): Pick<RoleBinding, 'roleRef' | 'subjects'> => ({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'an-attempt' },
      subjects: [{ kind: 'ServiceAccount', name: subject, namespace }],
    });
    const make = (name: string, subject: string) =>
      operator
        .create(ROLE_BINDINGS, { metadata: { name, namespace }, ...binding(subject) })
        .then(() => 'bound', String);
    expect(await make('one', 'default')).to.match(/to the account of that attempt only/);
    expect(await bind(namespace, { name: 'two' })).to.match(/to the account of that attempt only/);
    expect(await make('three', 'an-attempt')).to.equal('bound');
  });
});
