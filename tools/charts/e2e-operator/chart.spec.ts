import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse, parseAllDocuments } from 'yaml';
import { runSchema, VALUES_SCHEMA } from '../../crds/files.ts';
import { helmPath } from '../../envtest/processes/pinned-tools.ts';
import { CHART, IMAGES, type Manifest, template } from '../rendering/e2e-operator.ts';

const suites: { name: string; area: string; files: string[] }[] = parse(
  readFileSync(`${CHART}/files/suites.yaml`, 'utf8'),
).suites;

describe('charts/e2e-operator', () => {
  let objects: Manifest[];
  before(async () => {
    objects = await template(CHART, ...IMAGES);
  });

  it('passes helm lint', async () => {
    await execa(helmPath(), ['lint', '--strict', CHART, ...IMAGES]);
  });

  it('names the missing images', async () => {
    const { stderr } = await execa(helmPath(), ['template', 'e2e', CHART], { reject: false });
    expect(stderr).to.include("'/image'").and.include("'/suitesImage'");
  });

  it('has no object of a kind that it defines, which Helm would refuse', () => {
    expect(objects.filter(({ apiVersion }) => apiVersion.startsWith('e2e.backend.ai/'))).to.deep.equal([]);
    expect(objects.filter(({ kind }) => kind === 'CustomResourceDefinition').length).to.be.greaterThan(3);
  });

  it('asks for no right with a wildcard', () => {
    const rules = objects.flatMap((object) => object.rules ?? []);
    expect(rules.length).to.be.greaterThan(10);
    for (const { apiGroups, resources, verbs } of rules) {
      expect([...apiGroups, ...resources, ...verbs]).not.to.include('*');
    }
  });

  it('asks for rights in the whole cluster on namespaces and bindings alone', () => {
    const bound = objects.find(({ kind }) => kind === 'ClusterRoleBinding') as unknown as {
      roleRef: { name: string };
    };
    const role = objects.find(
      ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === bound.roleRef.name,
    );
    expect(role?.rules?.flatMap(({ resources }) => resources)).to.deep.equal([
      'namespaces',
      'rolebindings',
      'clusterroles',
    ]);
    const bind = role?.rules?.find(({ verbs }) => verbs.includes('bind'));
    expect(bind?.resourceNames).to.deep.equal(['backendai-e2e-operator-ns-environment']);
  });

  it('asks for no right outside its namespaces', async () => {
    const limited = await template(CHART, ...IMAGES, '--set', 'watchNamespaces={team-a,team-b}');
    const kinds = ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];
    const rights = limited.filter(({ kind }) => kinds.includes(kind));
    expect(
      rights.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
    ).to.have.members([
      'Role team-a/backendai-e2e-operator',
      'RoleBinding team-a/backendai-e2e-operator',
      'Role team-b/backendai-e2e-operator',
      'RoleBinding team-b/backendai-e2e-operator',
      'Role ns/backendai-e2e-operator-leader',
      'RoleBinding ns/backendai-e2e-operator-leader',
    ]);
    const leader = rights.find(({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'ns');
    expect(leader?.rules?.flatMap(({ resources }) => resources)).to.deep.equal(['leases', 'leases']);
    const args = JSON.stringify(
      limited.find(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'backendai-e2e-operator',
      ),
    );
    expect(args).to.include('--watch-namespace=team-a').and.include('--watch-namespace=team-b');
    expect(args).not.to.include('--environment-role');
  });

  it('leaves out cluster-wide objects that an administrator installs', async () => {
    const beforehand = [
      '--set',
      'watchNamespaces={ns},crds.install=false,faultPolicy.install=false,reportPolicy.install=false,runPolicy.install=false',
    ];
    const namespaced = await template(CHART, ...IMAGES, ...beforehand);
    expect(namespaced.filter(({ metadata }) => metadata.namespace === undefined)).to.deep.equal([]);
  });

  it('asks in environments for every kind that charts/backend-ai is made of', async () => {
    const role = objects.find(({ metadata }) => metadata.name.endsWith('-environment'));
    const deployed = await template(
      'charts/backend-ai',
      '--values',
      'charts/backend-ai/ci/e2e-values.yaml',
      ...['postgres', 'valkey', 'etcd', 'registry', 's3', 'backendAi', 'agent', 'kernelPush'].flatMap(
        (image) => ['--set', `images.${image}=x:1`],
      ),
    );
    const kinds = deployed
      .filter(({ metadata }) => !metadata.annotations?.['helm.sh/hook']?.includes('test'))
      .map(
        ({ apiVersion, kind }) => [apiVersion.includes('/') ? apiVersion.split('/')[0] : '', kind] as const,
      );
    expect(kinds.length).to.be.greaterThan(10);
    const lacking = kinds.filter(([group, kind]) => {
      const plural = `${kind?.toLowerCase()}s`;
      return !['get', 'create', 'patch', 'delete'].every((verb) =>
        role?.rules?.some(
          (rule) =>
            rule.apiGroups.includes(group ?? '') &&
            rule.resources.includes(plural) &&
            rule.verbs.includes(verb),
        ),
      );
    });
    expect(lacking).to.deep.equal([]);
  });

  it('has no schedule by default', () => {
    expect(objects.filter(({ kind }) => kind === 'CronJob')).to.deep.equal([]);
    expect(objects.filter(({ metadata }) => metadata.name === 'backendai-e2e-tick')).to.deep.equal([]);
  });

  it('schedules runs with the operator image, one at a time, and keeps failures longer', async () => {
    const made = await template(CHART, ...IMAGES, '--set', 'schedule.cron=30 2 * * 1-5');
    const cron = made.find(({ kind }) => kind === 'CronJob') as unknown as {
      spec: Record<string, unknown> & { jobTemplate: { spec: { backoffLimit: number } } };
    };
    expect(cron.spec).to.deep.include({ schedule: '30 2 * * 1-5', concurrencyPolicy: 'Forbid' });
    expect(cron.spec.failedJobsHistoryLimit).to.be.greaterThan(Number(cron.spec.successfulJobsHistoryLimit));
    expect(cron.spec.jobTemplate.spec.backoffLimit).to.equal(0);
    const role = made.find(({ kind, metadata }) => kind === 'Role' && metadata.name === 'backendai-e2e-tick');
    expect(role?.rules).to.deep.equal([
      { apiGroups: ['e2e.backend.ai'], resources: ['testruns'], verbs: ['create', 'get', 'watch'] },
    ]);
  });

  it('refuses an invalid run template at installation', async () => {
    const wrong = async (value: string) => {
      const args = [
        'template',
        'e2e',
        CHART,
        ...IMAGES,
        '--set',
        `schedule.cron=@daily,schedule.run.${value}`,
      ];
      return (await execa(helmPath(), args, { reject: false })).stderr;
    };
    expect(await wrong('timeoutSecond=5')).to.contain('timeoutSecond');
    expect(await wrong('parallelism=0')).to.contain('parallelism');
    expect(await wrong('environmentRef.name=ok')).to.equal('');
    const schema: { properties: { schedule: { properties: { run: object } } } } = JSON.parse(
      readFileSync(VALUES_SCHEMA, 'utf8'),
    );
    expect(schema.properties.schedule.properties.run, 'make crds brings it up to date').to.deep.equal(
      runSchema(),
    );
  });

  describe('has a catalog that', () => {
    interface Entry {
      name: string;
      spec: { image: string; runtimeImage?: string; imagePullSecrets?: object };
    }
    const catalogOf = async (...more: string[]): Promise<Entry[]> => {
      const { stdout } = await execa(helmPath(), ['template', 'e2e', CHART, ...IMAGES, ...more]);
      const [catalog] = parseAllDocuments(stdout)
        .map((document): { kind: string; data?: Record<string, string> } => document.toJS())
        .filter((object) => object?.data?.['suites.yaml']);
      return parse(catalog?.data?.['suites.yaml'] ?? '');
    };

    it('pulls the images of operator and suites with the same Secrets', async () => {
      const listed = await catalogOf('--set', 'imagePullSecrets[0].name=registry');
      expect(listed.length).to.equal(suites.length);
      for (const { spec } of listed) expect(spec.imagePullSecrets).to.deep.equal([{ name: 'registry' }]);
    });

    it('names the runtime image of a suite, where the values give one', async () => {
      const specOf = async (...more: string[]) =>
        (await catalogOf(...more)).find(({ name }) => name === 'database-migrations')?.spec;
      const told = await specOf('--set', 'runtimeImages.backend-ai=runtime:1');
      expect(told).to.include({ image: 'suites:1', runtimeImage: 'runtime:1' });
      expect(told).not.to.have.property('runtime');
      expect(await specOf()).not.to.have.any.keys('runtimeImage', 'runtime');
    });
  });

  it('names every suite after area and file, and lists only existing files', () => {
    expect(suites.length).to.be.greaterThan(3);
    for (const { name, area, files } of suites) {
      expect(name.startsWith(`${area}-`), name).to.equal(true);
      for (const file of files) {
        expect(file.startsWith(`${area}/`), file).to.equal(true);
        expect(existsSync(`suites/${file}.ts`), `suites/${file}.ts`).to.equal(true);
      }
    }
    expect(new Set(suites.map(({ name }) => name)).size).to.equal(suites.length);
  });
});
