import { testEnvironment } from '@backendai-e2e/api/object-fixtures';
import { attemptJob, undoJob } from '@backendai-e2e/operator/attempts/attempt-job';
import { environmentNamespace } from '@backendai-e2e/operator/environments/namespace';
import { expect } from 'chai';
import * as backendAi from '../../rendering/backend-ai.ts';
import { CHART, IMAGES, type Manifest, template } from '../../rendering/e2e-operator.ts';
import { allows, type NetworkPolicy, networkPolicies, type Party } from './network-model.ts';
import { EVERY_PORT, policyTable } from './policy-table.ts';

/** Labels of the pods of a rendered workload. */
function podLabels(objects: readonly Manifest[], name: string): Record<string, string> {
  interface Template {
    template?: { metadata: { labels: Record<string, string> } };
    jobTemplate?: { spec: Template };
  }
  const found = objects.find(
    ({ kind, metadata }) => ['Deployment', 'CronJob'].includes(kind) && metadata.name === name,
  ) as { spec?: Template } | undefined;
  const labels = (found?.spec?.template ?? found?.spec?.jobTemplate?.spec.template)?.metadata.labels;
  if (!labels) throw new Error(`no pods of ${name}`);
  return labels;
}

describe('the NetworkPolicies of charts/e2e-operator', function () {
  this.timeout(60_000);
  let policies: NetworkPolicy[];
  let parties: Record<string, Party>;
  let components: { name: string; ports: number[]; party: Party }[];
  let connection: unknown;

  before(async () => {
    const objects = await template(CHART, ...IMAGES, '--set', 'schedule.cron=1 2 * * *');
    policies = networkPolicies(objects);
    const { E2E_VALUES, render, secretData, workloads } = backendAi;
    const deployed = await render('--values', E2E_VALUES);
    connection = JSON.parse(secretData(deployed, 'backend-ai-connection')['connection.json'] ?? '');
    const { name: namespace, labels: namespaceLabels } = environmentNamespace(
      testEnvironment('e2e'),
    ).metadata;
    const environment = { namespace: namespace ?? '', namespaceLabels: namespaceLabels ?? {} };
    components = workloads(deployed).map(({ name, object }) => ({
      name,
      ports: portsOf(deployed, name),
      party: { ...environment, labels: object.spec?.template?.metadata.labels ?? {} },
    }));
    const component = (wanted: string) => {
      const found = components.find(({ name }) => name === wanted);
      if (!found) throw new Error(`no component ${wanted}`);
      return found.party;
    };
    const suite = (name: string): Party => ({ namespace: 'ns', labels: jobLabels(name) });
    parties = {
      operator: { namespace: 'ns', labels: podLabels(objects, 'backendai-e2e-operator') },
      'artifact server': { namespace: 'ns', labels: podLabels(objects, 'backendai-e2e-artifacts') },
      'scheduled run': { namespace: 'ns', labels: podLabels(objects, 'nightly') },
      suite: suite('run-alpha-1'),
      'other suite': suite('run-beta-1'),
      'undoing of a suite': { namespace: 'ns', labels: undoLabels() },
      'API server': {},
      'host outside': {},
      'pod of another namespace': {
        namespace: 'other',
        namespaceLabels: { team: 'x' },
        labels: { app: 'x' },
      },
      'manager of an environment': component('manager'),
      'Valkey of an environment': component('valkey'),
      'component of an environment': component('agent'),
      'session of an environment': component('agent'),
    };
  });

  const input = (name: string) => ({
    ...{ name, namespace: 'ns', run: 'run', environment: 'e2e', suite: 'alpha', attempt: 1, since: '' },
    labels: { 'e2e.backend.ai/run': 'run', 'e2e.backend.ai/suite': 'alpha' },
    owner: { apiVersion: 'v1', kind: 'TestRun', name: 'run', uid: 'u' },
    spec: { files: ['a/b'], image: 'i' },
    ...{ grep: undefined, rounds: undefined, queueName: undefined, connectionSecret: 'connection' },
  });
  const jobLabels = (name: string) => attemptJob(input(name)).spec?.template?.metadata?.labels ?? {};
  const undoLabels = () =>
    undoJob(input('run-alpha-1'), [], { name: 'run-alpha-1-undo', owner: input('x').owner }).spec?.template
      ?.metadata?.labels ?? {};
  /** Ports of the Service of a component. */
  function portsOf(
    objects: readonly { kind: string; metadata: { name: string }; spec?: unknown }[],
    name: string,
  ) {
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name);
    const { ports = [] } = (service?.spec ?? {}) as { ports?: { port: number }[] };
    return ports.map(({ port }) => port);
  }
  const party = (name: string): Party => {
    const found = parties[name];
    if (!found) throw new Error(`docs/network-policies.md names "${name}", which the test does not know`);
    return found;
  };

  it('are on by default, and off on demand', async () => {
    expect(policies.map(({ metadata }) => metadata.name)).to.have.members([
      'backendai-e2e-operator',
      'backendai-e2e-artifacts',
      'backendai-e2e-operator-suites',
      'backendai-e2e-tick',
    ]);
    const without = await template(CHART, ...IMAGES, '--set', 'networkPolicies.enabled=false');
    expect(networkPolicies(without)).to.deep.equal([]);
  });

  it('allow and refuse what docs/network-policies.md says', () => {
    const rows = policyTable();
    expect(rows.length).to.be.greaterThan(20);
    const wrong = rows.filter(({ from, to, port, allowed }) => {
      if (port === EVERY_PORT) return false;
      return allows(policies, party(from), party(to), Number(port)) !== allowed;
    });
    expect(wrong).to.deep.equal([]);
  });

  it('let a suite reach every port of every component, and every address of its connection', () => {
    expect(components.length).to.be.greaterThan(8);
    const unreachable = components.flatMap(({ name, ports, party: to }) =>
      ports.filter((port) => !allows(policies, party('suite'), to, port)).map((port) => `${name}:${port}`),
    );
    expect(unreachable).to.deep.equal([]);
    // Each address is that of a Service of the environment.
    const hosts = [...JSON.stringify(connection).matchAll(/\/\/([a-z0-9.-]+):\d+/g)].map(
      ([, host = '']) => host,
    );
    expect(new Set(hosts).size).to.be.greaterThan(6);
    for (const host of hosts)
      expect(host, 'a name in the namespace').to.match(/\.ns(\.svc\.cluster\.local)?$/);
  });

  it('let everybody ask name servers, except the artifact server without a bucket', () => {
    const names: Party = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
    for (const from of ['operator', 'suite', 'scheduled run', 'undoing of a suite']) {
      expect(allows(policies, party(from), names, 53, 'UDP'), from).to.equal(true);
      expect(allows(policies, party(from), names, 9153), from).to.equal(false);
    }
    expect(allows(policies, party('artifact server'), names, 53, 'UDP')).to.equal(false);
  });

  const outside: [title: string, from: string, port: number, set: string][] = [
    ['a bucket at Amazon', 'artifact server', 443, 'artifacts.store=s3,artifacts.s3.bucket=b'],
    [
      'a bucket at its own port',
      'artifact server',
      9000,
      'artifacts.store=s3,artifacts.s3.bucket=b,artifacts.s3.endpoint=http://s3.example:9000',
    ],
    [
      'a bucket behind a proxy',
      'artifact server',
      3128,
      'artifacts.store=s3,artifacts.s3.bucket=b,outbound.httpsProxy=http://proxy.example:3128',
    ],
    ['a webhook', 'operator', 80, 'notifications.secretName=hook'],
    ['a webhook behind a proxy', 'operator', 3128, 'outbound.httpsProxy=http://user:pass@proxy.example:3128'],
    ['an external environment', 'suite', 8090, 'networkPolicies.suitesEgress[0].ports[0].port=8090'],
  ];
  for (const [title, from, port, set] of outside) {
    it(`open the way to ${title} with its setting only`, async () => {
      expect(allows(policies, party(from), {}, port)).to.equal(from === 'operator' && port === 443);
      const opened = networkPolicies(await template(CHART, ...IMAGES, '--set', set));
      expect(allows(opened, party(from), {}, port)).to.equal(true);
    });
  }

  it('leave suites free where all environments are external, but protect them from callers', async () => {
    const external = networkPolicies(await template(CHART, ...IMAGES, '--set', 'watchNamespaces={a}'));
    const suite = { ...party('suite'), namespace: 'a' };
    expect(allows(external, suite, {}, 8090)).to.equal(true);
    expect(allows(external, party('pod of another namespace'), suite, 8080)).to.equal(false);
    const set = 'watchNamespaces={a},networkPolicies.suitesEgress[0].ports[0].port=8090';
    const narrowed = networkPolicies(await template(CHART, ...IMAGES, '--set', set));
    expect(allows(narrowed, suite, {}, 8090)).to.equal(true);
    expect(allows(narrowed, suite, {}, 8091)).to.equal(false);
  });
});
