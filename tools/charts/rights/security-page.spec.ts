import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Fault } from '@backendai-e2e/api/fault';
import { stagingOperatorValues } from '@backendai-e2e/cli/staging/objects';
import { attemptAccess } from '@backendai-e2e/operator/attempts/attempt-access';
import { attemptJob, undoJob } from '@backendai-e2e/operator/attempts/attempt-job';
import { type Tool, toolContainer } from '@backendai-e2e/operator/faults/tools';
import { expect } from 'chai';
import * as backendAi from '../rendering/backend-ai.ts';
import { CHART, IMAGES, type Manifest, template } from '../rendering/e2e-operator.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const PAGE = readFileSync(path.join(ROOT, 'docs/security.md'), 'utf8');
const STRICT = readFileSync(path.join(ROOT, 'docs/strict-places.md'), 'utf8');
/** Kinds without a namespace that the charts could contain. */
const OF_THE_CLUSTER =
  /^(Cluster|ValidatingAdmissionPolicy|CustomResourceDefinition|Namespace|PriorityClass)/;

interface Container {
  name: string;
  securityContext?: {
    privileged?: boolean;
    allowPrivilegeEscalation?: boolean;
    runAsNonRoot?: boolean;
    runAsUser?: number;
    capabilities?: { drop?: string[]; add?: string[] };
    seccompProfile?: { type?: string };
  };
}
interface PodSpec {
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  automountServiceAccountToken?: boolean;
  securityContext?: Container['securityContext'];
  volumes?: Record<string, unknown>[];
  containers: Container[];
  initContainers?: Container[];
}
interface Workload {
  kind: string;
  metadata: { name: string };
  spec?: Partial<PodSpec> & {
    template?: { spec: PodSpec };
    jobTemplate?: { spec: { template: { spec: PodSpec } } };
  };
}

/** Name and spec of every pod that the objects make. */
function podsOf(objects: readonly unknown[]): [name: string, pod: PodSpec][] {
  // The cast: only workloads have a template.
  return (objects as Workload[]).flatMap(({ kind, metadata, spec }) => {
    const own = kind === 'Pod' && spec?.containers ? { ...spec, containers: spec.containers } : undefined;
    const pod = spec?.template?.spec ?? spec?.jobTemplate?.spec.template.spec ?? own;
    return pod?.containers ? [[`${kind}/${metadata.name}`, pod]] : [];
  });
}

/**
 * Why a pod does not comply with Pod Security "restricted", as far as the charts use its fields.
 * See kubernetes.io/docs/concepts/security/pod-security-standards.
 */
function violations(pod: PodSpec): string[] {
  const own = pod.securityContext ?? {};
  const volumes = [
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'projected',
    'secret',
    'persistentVolumeClaim',
  ];
  return [
    ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => pod[field]),
    ...(pod.volumes ?? []).flatMap((volume) =>
      Object.keys(volume).filter((key) => key !== 'name' && !volumes.includes(key)),
    ),
    ...[...(pod.initContainers ?? []), ...pod.containers].flatMap(({ name, securityContext: of = {} }) => [
      ...(of.privileged ? [`${name}: privileged`] : []),
      ...(of.allowPrivilegeEscalation === false ? [] : [`${name}: allowPrivilegeEscalation`]),
      ...((of.runAsNonRoot ?? own.runAsNonRoot) === true ? [] : [`${name}: runAsNonRoot`]),
      ...((of.runAsUser ?? own.runAsUser) === 0 ? [`${name}: runAsUser 0`] : []),
      ...(of.capabilities?.drop?.includes('ALL') && !of.capabilities.add?.length
        ? []
        : [`${name}: capabilities`]),
      ...((of.seccompProfile ?? own.seccompProfile)?.type === 'RuntimeDefault'
        ? []
        : [`${name}: seccompProfile`]),
    ]),
  ];
}

describe('docs/strict-places.md', () => {
  it('has a test for each of its promises', () => {
    expect(STRICT.match(/^- /gm)?.length).to.be.greaterThan(12);
    expect(STRICT.match(/^- .+\n(?! {2}- `)/gm)).to.equal(null);
  });
});

describe('docs/security.md', function () {
  this.timeout(60_000);
  let operator: Manifest[];
  before(async () => {
    operator = await template(CHART, ...IMAGES, '--set', 'schedule.cron=1 2 * * *');
  });
  const identity = {
    name: 'run-alpha-1',
    namespace: 'ns',
    labels: {},
    owner: { apiVersion: 'v1', kind: 'TestRun', name: 'run', uid: 'u' },
  };
  const input = {
    ...{ ...identity, run: 'run', environment: 'env', suite: 'alpha', attempt: 1, since: '' },
    ...{ spec: { files: ['a/b'], image: 'i' }, grep: undefined, rounds: undefined, queueName: undefined },
    connectionSecret: 'connection',
  };
  const jobs = [
    attemptJob(input),
    undoJob(input, [], { name: 'run-alpha-1-undo', owner: identity.owner }),
  ].map((job) => ({ kind: 'Job', ...job }));

  it('names tests that exist', () => {
    const named = [...PAGE.matchAll(/`([a-z-]+(?:\/[a-z-]+)+\.(?:spec|integration)\.ts)`/g)].map(
      ([, file = '']) => file,
    );
    expect(named.length).to.be.greaterThan(10);
    expect(named.filter((file) => !existsSync(path.join(ROOT, file)))).to.deep.equal([]);
  });

  it('names titles that these tests have', () => {
    const proofs = [...`${PAGE}${STRICT}`.matchAll(/^ +- `([^`]+\.ts)`: (.+)$/gm)].map(
      ([, file = '', title = '']) => ({
        file,
        title,
      }),
    );
    expect(PAGE.match(/^\d+\. /gm)).to.have.length(10);
    expect(proofs.length).to.be.greaterThan(75);
    const missing = proofs.filter(({ file, title }) => {
      // "…" stands for what the title of a repeated test takes from its row.
      const parts = title.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      const test = new RegExp(`\\bit\\(\\s*(['"\`])${parts.join('\\$\\{[^}]+\\}')}\\1`);
      return !test.test(readFileSync(path.join(ROOT, file), 'utf8'));
    });
    expect(missing).to.deep.equal([]);
  });

  it('is right that each reader of texts of others is tried 10,000 times', () => {
    const [table = ''] = (PAGE.split('## Texts of others')[1] ?? '').split('## ');
    const files = [...table.matchAll(/`([^`]+\.spec\.ts)`/g)].map(([, file = '']) => file);
    expect(files).to.have.length(12);
    const seldom = files.filter(
      (file) => !/numRuns: 10_000/.test(readFileSync(path.join(ROOT, file), 'utf8')),
    );
    expect(seldom).to.deep.equal([]);
  });

  it('is right that every pod of the operator and every attempt is restricted', async () => {
    for (const store of ['configMap', 's3']) {
      const other = podsOf(
        await template(CHART, ...IMAGES, '--set', `artifacts.store=${store},artifacts.s3.bucket=b`),
      );
      expect(
        other.flatMap(([, pod]) => violations(pod)),
        store,
      ).to.deep.equal([]);
    }
    const pods = podsOf([...operator, ...jobs]);
    expect(pods.map(([name]) => name)).to.include.members([
      'Deployment/backendai-e2e-operator',
      'Job/run-alpha-1',
      'Job/run-alpha-1-undo',
    ]);
    const found = pods.map(([name, pod]) => [name, violations(pod)] as const);
    expect(found.filter(([, why]) => why.length > 0)).to.deep.equal([]);
  });

  it('is right about what needs more in the chart of Backend.AI', async () => {
    const { render, E2E_VALUES } = backendAi;
    const pods = podsOf(await render('--values', E2E_VALUES));
    expect(pods.length).to.be.greaterThan(8);
    const found = pods.flatMap(([, pod]) => violations(pod)).filter((why) => why !== 'hostPath');
    const loose = new Set(found.map((why) => why.split(':', 1)[0]));
    expect([...loose]).to.have.members(['agent', 'engine', 'prepare-data']);
    for (const container of loose) expect(PAGE).to.include(`\`${container}\``);
    expect(new Set(found.filter((why) => why.endsWith('privileged')))).to.deep.equal(
      new Set(['engine: privileged']),
    );
    for (const [name, pod] of pods) {
      expect([pod.hostNetwork, pod.hostPID, pod.hostIPC].some(Boolean), name).to.equal(false);
      expect(pod.automountServiceAccountToken, `token of ${name}`).to.equal(false);
    }
  });

  it('is right about who gets a token of the API server', () => {
    const pods = podsOf([...operator, ...jobs]);
    const withToken = pods
      .filter(([, pod]) => pod.automountServiceAccountToken !== false)
      .map(([name]) => name);
    expect(withToken).to.have.members([
      'Deployment/backendai-e2e-operator',
      'CronJob/nightly',
      'Job/run-alpha-1',
    ]);
  });

  it('is right about the rights of what a Fault adds to a pod', () => {
    const fault = { metadata: { name: 'f', uid: 'u' }, spec: { environmentRef: { name: 'e' } } } as Fault;
    const tools: Record<Tool, string> = {
      ...{ partition: 'NET_ADMIN', repartition: 'NET_ADMIN', 'mend-partition': 'NET_ADMIN' },
      ...{ pause: 'KILL', resume: 'KILL', kill: 'KILL' },
    };
    for (const [tool, capability] of Object.entries(tools)) {
      // The cast: the names are those of the record.
      const call = { tool: tool as Tool, round: 1 };
      const { securityContext } = toolContainer(fault, { pod: 'p', uid: 'u' }, call, 'i');
      expect(securityContext, tool).to.deep.include({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'], add: [capability] },
      });
      expect(securityContext, tool).to.not.have.property('privileged');
      expect(PAGE).to.include(`\`${capability}\``);
    }
  });

  it('is right about how many runs a user may have at once', async () => {
    const [, number] = /at most `runs\.perUser` started runs, by default (\d+)\./.exec(PAGE) ?? [];
    const deployments = JSON.stringify(operator.filter(({ kind }) => kind === 'Deployment'));
    expect(deployments).to.include(`"--runs-per-user=${number}"`);
  });

  it('is right that an attempt reads no Secret, no pod and no other report', () => {
    for (const disruptive of [false, true]) {
      const rules = attemptAccess(identity, { disruptive }).role.rules ?? [];
      const resources = rules.flatMap((rule) => rule.resources ?? []);
      expect(resources).to.have.members([
        'testreports',
        'testreports/status',
        ...(disruptive ? ['faults'] : []),
      ]);
      const reports = rules.filter((rule) => rule.resources?.some((name) => name.startsWith('testreports')));
      for (const { resourceNames } of reports) expect(resourceNames).to.deep.equal(['run-alpha-1']);
      expect(rules.flatMap(({ verbs }) => verbs))
        .to.not.include('list')
        .and.not.include('*');
    }
  });

  it('is right that four policies are on by default, and that each value leaves one out', async () => {
    const policies = (objects: readonly Manifest[]) =>
      objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    expect(policies(operator)).to.have.length(4);
    const bindings = operator.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
    expect(bindings.map((each) => JSON.stringify(each)).every((text) => text.includes('"Deny"'))).to.equal(
      true,
    );
    expect(bindings).to.have.length(4);
    for (const value of ['reportPolicy', 'faultPolicy', 'runPolicy', 'operatorPolicy']) {
      expect(PAGE).to.include(`\`${value}.install\``);
      const without = await template(CHART, ...IMAGES, '--set', `${value}.install=false`);
      expect(policies(without), value).to.have.length(3);
    }
  });

  it('is right that a staging run installs nothing for the whole cluster', async () => {
    const values = stagingOperatorValues(
      { deployment: 'bai', test: 'ns' },
      { operator: 'o:1', suites: 's:1' },
    );
    const set = Object.entries(values).flatMap(([name, value]) => [
      '--set-json',
      `${name}=${JSON.stringify(value)}`,
    ]);
    const kinds = (await template(CHART, ...set)).map(({ kind }) => kind);
    expect(kinds).to.include('Role');
    expect(kinds.filter((kind) => OF_THE_CLUSTER.test(kind))).to.deep.equal([]);
  });
});
