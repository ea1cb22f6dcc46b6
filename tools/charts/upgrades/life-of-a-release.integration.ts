import type { ChildProcess } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { type ControlPlane, startControlPlane } from '../../envtest/control-plane/control-plane.ts';
import { finalReport } from '../../envtest/doubles/final-report.ts';
import { harnessIn, type OperatorHarness } from '../../envtest/operator/harness.ts';
import { helmPath } from '../../envtest/processes/pinned-tools.ts';
import { endOf } from '../../envtest/processes/process-end.ts';
import { LAST_RESORT_MS, until } from '../../envtest/waits/until.ts';

const CHART = fileURLToPath(new URL('../../../charts/e2e-operator', import.meta.url));
const NAMESPACE = 'backendai-e2e';
const OPERATOR = 'backendai-e2e-operator';
const RBAC = 'rbac.authorization.k8s.io/v1';
const ADMISSION = 'admissionregistration.k8s.io/v1';
const resource = <T extends KubeObject = KubeObject>(apiVersion: string, kind: string): Resource<T> => ({
  apiVersion,
  kind,
  plural: kind.endsWith('y') ? `${kind.toLowerCase().slice(0, -1)}ies` : `${kind.toLowerCase()}s`,
});
/** Kinds of which something could be left behind. */
const IN_NAMESPACE = [
  resource('v1', 'ConfigMap'),
  resource('v1', 'Secret'),
  resource('v1', 'Service'),
  resource('v1', 'ServiceAccount'),
  resource('v1', 'Pod'),
  resource('apps/v1', 'Deployment'),
  resource('batch/v1', 'Job'),
  resource('batch/v1', 'CronJob'),
  resource(RBAC, 'Role'),
  resource(RBAC, 'RoleBinding'),
  resource('coordination.k8s.io/v1', 'Lease'),
  resource('networking.k8s.io/v1', 'NetworkPolicy'),
];
const IN_CLUSTER = [
  resource(RBAC, 'ClusterRole'),
  resource(RBAC, 'ClusterRoleBinding'),
  resource(ADMISSION, 'ValidatingAdmissionPolicy'),
  resource(ADMISSION, 'ValidatingAdmissionPolicyBinding'),
];
interface Definition extends KubeObject {
  spec: { versions: { selectableFields?: object[] }[] };
}
const CRDS = resource<Definition>('apiextensions.k8s.io/v1', 'CustomResourceDefinition');

describe('charts/e2e-operator as a release', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let harness: OperatorHarness;
  let operator: ChildProcess;

  before(async () => {
    // One of its own: the release installs the CRDs, and the test deletes them.
    plane = await startControlPlane({ controllerManager: true });
  });
  after(() => (harness ?? plane)?.stop());

  const helm = (...args: string[]) =>
    execa(helmPath(), [...args, '--namespace', NAMESPACE, '--kubeconfig', plane.kubeconfigPath]);
  const images = (version: number) => [
    '--set',
    `image=operator:${version},suitesImage=suites:${version},schedule.cron=30 2 * * *,networkPolicies.enabled=true`,
  ];

  /** The chart as an earlier version may have been: a CRD lacks what this one has. */
  function earlierChart(): string {
    const folder = join(plane.folder, 'earlier');
    cpSync(CHART, folder, { recursive: true });
    const file = join(folder, 'files/crds/testruns.yaml');
    const crd = parse(readFileSync(file, 'utf8'));
    delete crd.spec.versions[0].selectableFields;
    writeFileSync(file, stringify(crd));
    return folder;
  }

  /** What is there of these kinds and belongs to us, as "Kind name". */
  async function left(kinds: readonly Resource[], namespace?: string): Promise<string[]> {
    const lists = await Promise.all(
      kinds.map(async (kind) => {
        const { items } = await harness.client.list(kind, namespace === undefined ? {} : { namespace });
        return items.map(({ metadata }) => `${kind.kind} ${metadata.name}`);
      }),
    );
    // What every namespace has, and what every cluster has.
    const builtIn = /^(ConfigMap kube-root-ca\.crt|ServiceAccount default)$/;
    const ours = namespace === undefined ? /backendai-e2e/ : /./;
    return lists.flat().filter((each) => ours.test(each) && !builtIn.test(each));
  }

  /** The catalog's suites as the operator's pod gets them. */
  async function startOperator(): Promise<ChildProcess> {
    const name = `${OPERATOR}-catalog`;
    const map = await harness.client.get(resource('v1', 'ConfigMap'), { namespace: NAMESPACE, name });
    const path = join(plane.folder, 'catalog.yaml');
    writeFileSync(path, (map as unknown as { data: Record<string, string> }).data['suites.yaml'] ?? '');
    return harness.startProcess(['--leader-elect', `--catalog=${path}`]);
  }

  const benchImage = async () =>
    (await harness.client.get(TEST_SUITES, { namespace: NAMESPACE, name: 'bench-one-test' }))?.spec.image;

  it('is installed, and lists what it keeps', async () => {
    const { stdout } = await helm('install', 'e2e', earlierChart(), '--create-namespace', ...images(1));
    expect(stdout).to.include('keeps the CRDs with their objects').and.include('kubectl delete crd');
    harness = await harnessIn(plane, NAMESPACE);
    operator = await startOperator();
    await until('the suites of the catalog stand', async () => (await benchImage()) === 'suites:1');
  });

  it('is upgraded during a run, with its CRDs, and the run still ends normally', async () => {
    await harness.suite('alpha', { onDemand: true });
    await harness.suite('beta', { onDemand: true });
    await harness.environment('ext');
    await harness.run('mid', 'ext', { suites: { names: ['alpha', 'beta'] } });
    const pod = await harness.pod('mid-alpha-1');
    await harness.report('mid-alpha-1', { startedAt: new Date().toISOString() });
    await helm('upgrade', 'e2e', CHART, ...images(2));
    // The Deployment starts the new one before the old one goes; the Lease lets one act.
    const next = await startOperator();
    operator.kill('SIGTERM');
    await endOf(operator);
    operator = next;
    await until('the new one leads: the catalog is its own', async () => (await benchImage()) === 'suites:2');
    await harness.report('mid-alpha-1', finalReport('Passed'));
    await harness.attempt('mid-beta-1', 'Passed');
    const run = await harness.finished('mid');
    expect(run.status?.suites?.map(({ name, verdict, attempt }) => [name, verdict, attempt])).to.deep.equal([
      ['alpha', 'Passed', 1],
      ['beta', 'Passed', 1],
    ]);
    expect((await harness.pod('mid-alpha-1')).metadata.uid, 'the same pod').to.equal(pod.metadata.uid);
    const crd = await harness.client.get(CRDS, { name: 'testruns.e2e.backend.ai' });
    expect(crd?.spec.versions[0]?.selectableFields).to.deep.equal([{ jsonPath: '.status.finishedAt' }]);
  });

  it('is uninstalled and keeps only what its notes list', async () => {
    for (const { metadata } of (await harness.client.list(TEST_ENVIRONMENTS)).items) {
      await harness.client.delete(TEST_ENVIRONMENTS, { namespace: NAMESPACE, name: metadata.name });
    }
    await until('the environments are gone', async () => {
      return (await harness.client.list(TEST_ENVIRONMENTS)).items.length === 0;
    });
    await helm('uninstall', 'e2e');
    operator.kill('SIGTERM');
    await endOf(operator);
    expect(await left(IN_CLUSTER)).to.deep.equal([]);
    const attempts = ['mid-alpha-1', 'mid-beta-1'];
    const kinds = ['ServiceAccount', 'Job', 'Role', 'RoleBinding'];
    const kept = kinds.flatMap((kind) => attempts.map((attempt) => `${kind} ${attempt}`));
    // What an attempt left behind may be archived by now, or not yet.
    const there = (await left(IN_NAMESPACE, NAMESPACE)).filter((each) => !/^(Pod|ConfigMap) mid-/.test(each));
    expect(there).to.have.members([...kept, `Lease ${OPERATOR}`]);
    const runs = await harness.client.list(TEST_RUNS);
    expect(runs.items.map(({ status }) => status?.verdict)).to.deep.equal(['Passed']);
    expect((await harness.client.list(TEST_REPORTS)).items.length).to.equal(2);
    expect((await harness.client.list(TEST_SUITES)).items.length).to.be.greaterThan(3);
  });

  it('leaves nothing after the steps in its notes', async () => {
    for (const kind of [TEST_RUNS, TEST_SUITES] as Resource[]) {
      for (const { metadata } of (await harness.client.list(kind)).items) {
        await harness.client.delete(kind, { namespace: NAMESPACE, name: metadata.name });
      }
    }
    await harness.client.delete(resource('coordination.k8s.io/v1', 'Lease'), {
      namespace: NAMESPACE,
      name: OPERATOR,
    });
    // The garbage collector looks for kinds that are new to it every 30 s.
    await until(
      'nothing is left in the namespace',
      async () => {
        const there = await left(IN_NAMESPACE, NAMESPACE);
        if (there.length > 0) throw new Error(there.join(', '));
        return true;
      },
      { everyMs: 500 },
    );
    for (const file of readdirSync(join(CHART, 'files/crds'))) {
      const { metadata } = parse(readFileSync(join(CHART, 'files/crds', file), 'utf8'));
      await harness.client.delete(CRDS, { name: metadata.name });
    }
    await until('the CRDs are gone', async () => {
      const { items } = await harness.client.list(CRDS);
      return !items.some(({ metadata }) => metadata.name.endsWith('.e2e.backend.ai'));
    });
  });
});
