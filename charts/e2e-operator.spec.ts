import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse, parseAllDocuments } from 'yaml';
import { runSchema, VALUES_SCHEMA } from '../operator/api/generate-crds.ts';
import { API_VERSION, LABELS } from '../operator/api/group.ts';
import type { TestEnvironment } from '../operator/api/test-environment.ts';
import { environmentNamespace } from '../operator/environments/namespace.ts';
import { helmPath } from '../operator/testing/cached-tool.ts';

const CHART = 'charts/e2e-operator';
const IMAGES = ['--set', 'image=operator:1,suitesImage=suites:1'];

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}
interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  rules?: Rule[];
}

interface NetworkPolicySpec {
  podSelector: object;
  policyTypes: string[];
  ingress?: object[];
  egress: { to?: object[]; ports?: object[] }[];
}

async function template(chart: string, ...args: string[]): Promise<Manifest[]> {
  const { stdout } = await execa(helmPath(), ['template', 'e2e', chart, '--namespace', 'ns', ...args]);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

const suites: { name: string; area: string; files: string[] }[] = parse(
  readFileSync(`${CHART}/files/suites.yaml`, 'utf8'),
).suites;

describe('charts/e2e-operator', function () {
  this.timeout(20_000);
  let objects: Manifest[];
  before(async () => {
    objects = await template(CHART, ...IMAGES);
  });

  it('passes helm lint', async () => {
    await execa(helmPath(), ['lint', '--strict', CHART, ...IMAGES]);
  });

  it('says what is missing when it gets no images', async () => {
    const { stderr } = await execa(helmPath(), ['template', 'e2e', CHART], { reject: false });
    expect(stderr).to.include("'/image'").and.include("'/suitesImage'");
  });

  it('holds no object of a kind that it defines: Helm would refuse the first installation', () => {
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

  it('asks for nothing outside of the namespaces that it is limited to', async () => {
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

  it('leaves out of the whole cluster what an administrator has installed beforehand', async () => {
    const beforehand = ['--set', 'watchNamespaces={ns},crds.install=false,faultPolicy.install=false'];
    const namespaced = await template(CHART, ...IMAGES, ...beforehand);
    expect(namespaced.filter(({ metadata }) => metadata.namespace === undefined)).to.deep.equal([]);
  });

  it('brings NetworkPolicies when asked to, for the operator and the suites of each namespace', async () => {
    expect(objects.filter(({ kind }) => kind === 'NetworkPolicy')).to.deep.equal([]);
    const set =
      'networkPolicies.enabled=true,watchNamespaces={a,b},networkPolicies.suitesEgress[0].ports[0].port=8090';
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
    expect(suites?.spec.ingress, 'nobody may call a suite').to.equal(undefined);
    const environments = suites?.spec.egress.find(({ to }) => to);
    expect(environments).to.deep.equal({
      to: [{ namespaceSelector: { matchExpressions: [{ key: LABELS.environment, operator: 'Exists' }] } }],
    });
    expect(suites?.spec.egress.at(-1)).to.deep.equal({ ports: [{ port: 8090 }] });
  });

  it('lets the operator be asked for metrics and probes alone, and speak to what it needs, as docs/network-policies.md says', async () => {
    const policies = await template(
      CHART,
      ...IMAGES,
      '--set',
      'networkPolicies.enabled=true,networkPolicies.apiServerPorts={6443}',
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
    const environment: TestEnvironment = {
      apiVersion: API_VERSION,
      kind: 'TestEnvironment',
      metadata: { name: 'e2e' },
      spec: { chart: { name: 'backend-ai' } },
    };
    expect(environmentNamespace(environment).metadata.labels).to.have.property(LABELS.environment, 'e2e');
  });

  describe('has a keeper of artifacts that', () => {
    interface Keeper {
      spec: {
        replicas: number;
        strategy: { type: string };
        template: {
          spec: {
            automountServiceAccountToken: boolean;
            containers: {
              env: { name: string; value?: string; valueFrom?: object }[];
              volumeMounts: object[];
            }[];
            volumes: Record<string, unknown>[];
          };
        };
      };
    }
    const keeperOf = (list: Manifest[]) =>
      list.find(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'backendai-e2e-artifacts',
      ) as unknown as Keeper | undefined;
    const withValues = (set: string) => template(CHART, ...IMAGES, '--set', set);
    const volumeOf = (keeper: Keeper | undefined, name: string) =>
      keeper?.spec.template.spec.volumes.find((volume) => volume.name === name);
    const variables = (keeper: Keeper | undefined) =>
      Object.fromEntries(
        (keeper?.spec.template.spec.containers[0]?.env ?? []).map(({ name, value, valueFrom }) => [
          name,
          value ?? valueFrom,
        ]),
      );

    it('has a volume by default and no rights in the cluster; the operator knows it and its token', () => {
      const keeper = keeperOf(objects);
      expect(keeper?.spec.template.spec.automountServiceAccountToken).to.equal(false);
      expect(volumeOf(keeper, 'artifacts')).to.deep.equal({
        name: 'artifacts',
        emptyDir: { sizeLimit: '2Gi' },
      });
      expect(variables(keeper)).to.include({ E2E_KEEPER_FOLDER: '/artifacts' });
      const operator = JSON.stringify(
        objects.find(
          ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'backendai-e2e-operator',
        ),
      );
      expect(operator)
        .to.contain('--artifacts-service=ns/backendai-e2e-artifacts:http')
        .and.contain('--artifacts-url=http://backendai-e2e-artifacts.ns.svc:8080')
        .and.contain('"secretName":"backendai-e2e-artifacts"');
    });

    it('has a claim that the release makes, or one that is there', async () => {
      const made = await withValues('artifacts.volume.claim.accessModes={ReadWriteOnce}');
      expect(made.filter(({ kind }) => kind === 'PersistentVolumeClaim')).to.have.length(1);
      expect(volumeOf(keeperOf(made), 'artifacts')).to.deep.include({
        persistentVolumeClaim: { claimName: 'backendai-e2e-artifacts' },
      });
      expect(keeperOf(made)?.spec.strategy).to.deep.equal({ type: 'Recreate' });
      const there = await withValues('artifacts.volume.existingClaim=mine');
      expect(there.filter(({ kind }) => kind === 'PersistentVolumeClaim')).to.deep.equal([]);
      expect(volumeOf(keeperOf(there), 'artifacts')).to.deep.include({
        persistentVolumeClaim: { claimName: 'mine' },
      });
    });

    it('speaks to a bucket with what the values say, and alone has its credentials', async () => {
      const values = [
        'store=s3',
        's3.bucket=kept',
        's3.endpoint=https://s3.example:9000',
        's3.region=eu-1',
        's3.prefix=e2e',
        's3.pathStyle=false',
        's3.credentialsSecret=keys',
        's3.ca.configMap=trust',
        's3.ca.key=bundle.pem',
      ];
      const list = await withValues(values.map((value) => `artifacts.${value}`).join(','));
      const keeper = keeperOf(list);
      expect(variables(keeper)).to.deep.include({
        E2E_KEEPER_S3_BUCKET: 'kept',
        E2E_KEEPER_S3_ENDPOINT: 'https://s3.example:9000',
        E2E_KEEPER_S3_REGION: 'eu-1',
        E2E_KEEPER_S3_PREFIX: 'e2e',
        E2E_KEEPER_S3_PATH_STYLE: 'false',
        E2E_KEEPER_S3_CA_FILE: '/etc/backendai-e2e/ca/bundle.pem',
        AWS_SECRET_ACCESS_KEY: { secretKeyRef: { name: 'keys', key: 'secretAccessKey' } },
      });
      expect(volumeOf(keeper, 'ca')).to.deep.include({ configMap: { name: 'trust' } });
      expect(volumeOf(keeper, 'artifacts')).to.equal(undefined);
      const others = list.filter((object) => (object as unknown) !== keeper);
      expect(JSON.stringify(others)).not.to.contain('"keys"');
    });

    it('is refused without a bucket, or with a store that is none', async () => {
      const why = async (set: string) => {
        const args = ['template', 'e2e', CHART, ...IMAGES, '--set', set];
        return (await execa(helmPath(), args, { reject: false })).stderr;
      };
      expect(await why('artifacts.store=s3')).to.contain('artifacts.s3.bucket has to name a bucket');
      expect(await why('artifacts.store=tape')).to.contain('artifacts/store');
      expect(await why('artifacts.s3.endpoint=s3.example')).to.contain('endpoint');
    });

    it('is not there where ConfigMaps do: only then the operator may make them', async () => {
      const list = await withValues('artifacts.store=configMap');
      expect(keeperOf(list)).to.equal(undefined);
      expect(list.filter(({ metadata }) => metadata.name === 'backendai-e2e-artifacts')).to.deep.equal([]);
      expect(JSON.stringify(list)).not.to.contain('--artifacts-');
      const mayMake = (manifests: Manifest[]) =>
        manifests
          .filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'backendai-e2e-operator')
          .some(({ rules }) => rules?.some(({ resources }) => resources.includes('configmaps')));
      expect([mayMake(list), mayMake(objects)]).to.deep.equal([true, false]);
    });
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

  it('has no schedule unless one is asked for', () => {
    expect(objects.filter(({ kind }) => kind === 'CronJob')).to.deep.equal([]);
    expect(objects.filter(({ metadata }) => metadata.name === 'backendai-e2e-tick')).to.deep.equal([]);
  });

  it('schedules runs with the image of the operator, one at a time, failures kept longer than successes', async () => {
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

  it('refuses a template of a run at the installation, not at midnight', async () => {
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

    it('names the image that a suite works in, where the chart is told one', async () => {
      const specOf = async (...more: string[]) =>
        (await catalogOf(...more)).find(({ name }) => name === 'database-migrations')?.spec;
      const told = await specOf('--set', 'runtimeImages.backend-ai=runtime:1');
      expect(told).to.include({ image: 'suites:1', runtimeImage: 'runtime:1' });
      expect(told).not.to.have.property('runtime');
      expect(await specOf()).not.to.have.any.keys('runtimeImage', 'runtime');
    });
  });

  it('gives every suite its name from area and file, and only files that exist', () => {
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
