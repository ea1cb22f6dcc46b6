import type { Connection } from '@backendai-e2e/api/connection';
import { RELEASE_RECORD_CONTAINER } from '@backendai-e2e/api/test-environment';
import { expect } from 'chai';
import {
  CHART,
  containers,
  E2E_VALUES,
  find,
  helm,
  IMAGES,
  type Rendered,
  render,
  secretData,
  workloads,
} from '../rendering/backend-ai.ts';

const COMPONENTS = [
  'agent',
  'appproxy-coordinator',
  'appproxy-worker',
  'etcd',
  'manager',
  'postgres',
  'registry',
  's3',
  'storage-proxy',
  'valkey',
  'webserver',
];

/** Containers that cannot be what Pod Security calls restricted, each for the reason beside it in the chart. */
const NEEDS_ROOT = ['agent', 'engine', 'prepare-data'];

function jobName(objects: Rendered[]): string | undefined {
  return objects.find((object) => object.kind === 'Job')?.metadata.name;
}

describe('charts/backend-ai', () => {
  let plain: Rendered[];
  let e2e: Rendered[];

  before(async () => {
    [plain, e2e] = await Promise.all([render(), render('--values', E2E_VALUES)]);
  });

  it('passes helm lint, with its own values and with those of the end-to-end tests', async () => {
    await helm('lint', '--strict', CHART, ...IMAGES);
    await helm('lint', '--strict', CHART, ...IMAGES, '--values', E2E_VALUES);
  });

  it('names the missing image', async () => {
    const error = await helm('template', 'release', CHART, '--set', 'images.postgres=').catch(String);
    expect(error).to.match(/images\.\w+ is needed: the full reference of that image/);
  });

  it('gives a component an image of its own, and the bootstrap that of the manager', async () => {
    const own = await render(
      '--set',
      'images.manager=own/manager:1',
      '--set',
      'images.appproxyWorker=own/worker:1',
    );
    const imageOf = (name: string): (string | undefined)[] =>
      workloads(own)
        .filter((one) => one.name.startsWith(name))
        .flatMap(({ pod }) => [pod.initContainers?.[0]?.image, pod.containers[0]?.image]);
    expect(imageOf('manager')).to.deep.equal(['own/manager:1', 'own/manager:1']);
    expect(imageOf('bootstrap')).to.deep.equal(['own/manager:1', 'own/manager:1']);
    expect(imageOf('appproxy-worker')).to.deep.equal(['own/worker:1', 'own/worker:1']);
    expect(imageOf('webserver')).to.deep.equal(['test/backendAi:1', 'test/backendAi:1']);
  });

  describe('values.schema.json', () => {
    const refused: Record<string, string[]> = {
      'a key that does not exist': ['--set', 'manager.replica=3'],
      'an image that does not exist': ['--set', 'images.redis=x:1'],
      'a reference without tag or digest': ['--set', 'images.etcd=etcd'],
      'no manager': ['--set', 'manager.replicas=0'],
      'memory that the agent would round': ['--set', 'agent.slots.memoryMiB=1000'],
      'a text for a number': ['--set-string', 'agent.heartbeatIntervalSeconds=soon'],
      'a container without limits': ['--set', 'etcd.resources.limits=null'],
      'a data folder that is not absolute': ['--set', 'dataRoot=data'],
    };
    for (const [what, options] of Object.entries(refused)) {
      it(`refuses ${what}`, async () => {
        const error = await helm('template', 'release', CHART, ...IMAGES, ...options).catch(String);
        expect(error).to.contain("don't meet the specifications of the schema");
      });
    }
  });

  it('has one workload and one Service for each component, and a Job that prepares them', () => {
    const names = workloads(e2e).filter(({ kind }) => kind !== 'Job');
    expect(names.map(({ name }) => name).sort()).to.deep.equal(COMPONENTS);
    const services = e2e.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
    expect(services.sort()).to.deep.equal(COMPONENTS);
    expect(jobName(e2e)).to.match(/^bootstrap-[0-9a-f]{10}$/);
  });

  it('labels every workload and annotates its number of pods', () => {
    for (const { kind, object, name } of workloads(e2e)) {
      const { labels, annotations } = object.metadata;
      expect(labels, name).to.include.keys(
        ...['name', 'instance', 'component'].map((key) => `app.kubernetes.io/${key}`),
      );
      expect(object.spec?.template?.metadata.labels, name).to.include(labels);
      const replicas = kind === 'Job' ? 1 : object.spec?.replicas;
      expect(annotations?.['e2e.backend.ai/desired-replicas'], name).to.equal(String(replicas));
    }
  });

  it('labels services with their version, and lets each pod of Backend.AI say what is installed in its image', () => {
    for (const { name, pod, object } of workloads(e2e)) {
      const label = object.metadata.labels['app.kubernetes.io/version'];
      const record = pod.initContainers?.[0];
      if (record?.name !== RELEASE_RECORD_CONTAINER) expect(label, name).to.match(/^\d/);
      else {
        expect(label, name).to.equal(undefined);
        expect(pod.containers[0]?.image, name).to.equal(record.image);
      }
    }
    const recorded = workloads(e2e).filter(
      ({ pod }) => pod.initContainers?.[0]?.name === RELEASE_RECORD_CONTAINER,
    );
    expect(recorded).to.have.lengthOf(7);
  });

  it('gives every container requests and limits', () => {
    for (const { name, pod } of workloads(e2e)) {
      for (const container of containers(pod)) {
        const where = `${name}/${container.name}`;
        expect(container.resources?.requests, where).to.have.all.keys('cpu', 'memory');
        expect(container.resources?.limits, where).to.have.all.keys('cpu', 'memory');
      }
    }
  });

  it('probes every long-running container, and restarts none within 100 s of an outage', () => {
    for (const { name, kind, pod } of workloads(e2e)) {
      if (kind === 'Job') continue;
      for (const container of containers(pod)) {
        if (pod.initContainers?.includes(container) && container.restartPolicy !== 'Always') continue;
        const where = `${name}/${container.name}`;
        expect(container, where).to.include.keys('startupProbe', 'readinessProbe', 'livenessProbe');
        const { periodSeconds = 0, failureThreshold = 0 } = container.livenessProbe ?? {};
        expect(periodSeconds * failureThreshold, where).to.be.at.least(100);
      }
    }
  });

  it('passes Pod Security "restricted", except where root is needed', () => {
    for (const { name, pod } of workloads(e2e)) {
      expect(pod.enableServiceLinks, name).to.equal(false);
      expect(pod.automountServiceAccountToken, name).to.equal(false);
      for (const container of containers(pod)) {
        if (NEEDS_ROOT.includes(container.name)) continue;
        const where = `${name}/${container.name}`;
        const context = { ...pod.securityContext, ...container.securityContext };
        expect(context, where).to.deep.include({
          runAsNonRoot: true,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        });
      }
      const privileged = containers(pod).filter(({ securityContext }) => securityContext?.privileged);
      expect(
        privileged.map((container) => container.name),
        name,
      ).to.deep.equal(name === 'agent' ? ['engine'] : []);
    }
  });

  it('keeps secrets out of everything but Secrets', () => {
    const {
      accounts = '{}',
      'registry-htpasswd': passwords = '',
      ...secrets
    } = secretData(e2e, 'backend-ai-secrets');
    const { admin, user, user2 }: Connection['accounts'] = JSON.parse(accounts);
    const values = [admin, user, user2].flatMap((each) => [each.password, each.secretKey]);
    values.push(...Object.values(secrets));
    expect(values).to.have.length(19);
    const open = JSON.stringify(e2e.filter(({ kind }) => kind !== 'Secret'));
    expect(passwords, 'only bcrypt is understood').to.match(/^backend-ai:\$2[aby]\$/);
    expect(open).not.to.contain(passwords);
    for (const value of values) {
      expect(value).to.match(/^\w{16,}$/);
      expect(open).not.to.contain(value);
      expect(open).not.to.contain(Buffer.from(value).toString('base64'));
    }
  });

  it('has a variable for each placeholder of a configuration', () => {
    let placeholders = 0;
    for (const { name, pod } of workloads(e2e)) {
      for (const container of pod.containers) {
        const volumes = container.volumeMounts
          ?.filter(({ mountPath }) => mountPath === '/templates')
          .map((mount) => pod.volumes?.find((volume) => volume.name === mount.name)?.configMap?.name);
        for (const configMap of volumes ?? []) {
          const files = find(e2e, 'ConfigMap', configMap ?? '').data ?? {};
          const wanted = Object.values(files).flatMap(
            (text) => text.match(/(?<=@)[A-Z][A-Z0-9_]*(?=@)/g) ?? [],
          );
          placeholders += wanted.length;
          const given = container.env?.map((variable) => variable.name);
          expect(given, name).to.include.members(wanted);
        }
      }
    }
    expect(placeholders).to.be.at.least(30);
  });

  it('runs no observer unless asked', () => {
    const agent = workloads(plain).find(({ name }) => name === 'agent');
    expect(agent?.pod.containers.map(({ name }) => name)).to.deep.equal(['agent']);
    const { agents }: Connection = JSON.parse(
      secretData(plain, 'backend-ai-connection')['connection.json'] ?? '',
    );
    expect(agents[0]).to.have.all.keys('id', 'httpUrl');
  });

  it('has no registry with a password unless asked', () => {
    const registry = workloads(plain).find(({ name }) => name === 'registry');
    expect(registry?.pod.containers.map(({ name }) => name)).to.deep.equal(['registry']);
    const { registry: told }: Connection = JSON.parse(
      secretData(plain, 'backend-ai-connection')['connection.json'] ?? '',
    );
    expect(told).to.have.all.keys('url', 'name', 'project', 'kernelImage');
  });

  it('gives the engine the announced resources of the agent, and a reserve', async () => {
    const objects = await render('--set', 'agent.slots.cpu=3', '--set', 'agent.slots.memoryMiB=2048');
    const { pod } = workloads(objects).find(({ name }) => name === 'agent') ?? {};
    const engine = pod?.initContainers?.find(({ name }) => name === 'engine');
    expect(engine?.resources?.limits).to.deep.equal({ cpu: 3, memory: '3072Mi' });
    const variables = pod?.containers[0]?.env;
    expect(variables).to.deep.include({ name: 'AGENT_CPUS', value: '3' });
    expect(variables).to.deep.include({ name: 'AGENT_MEMORY_MIB', value: '2048' });
  });

  it('names the Job after its content, so that an upgrade replaces it and components wait for it', async () => {
    const again = await render('--values', E2E_VALUES, '--set', 'manager.replicas=1');
    expect(jobName(again), 'another number of managers').to.equal(jobName(e2e));
    const other = await render('--values', E2E_VALUES, '--set', 'bootstrap.maxConcurrentSessions=7');
    expect(jobName(other), 'another policy').not.to.equal(jobName(e2e));
    const id = jobName(other)?.replace('bootstrap-', '');
    for (const name of ['manager', 'appproxy-coordinator']) {
      const { pod } = workloads(other).find((workload) => workload.name === name) ?? {};
      const variables = pod?.containers.find((container) => container.name === name)?.env;
      expect(variables, name).to.deep.include({ name: 'BOOTSTRAP_ID', value: id });
    }
  });

  it('leaves agents and their sessions alone when other components get another image', async () => {
    const podOf = (objects: typeof e2e, wanted: string) =>
      workloads(objects).find(({ name }) => name === wanted)?.pod;
    const upgraded = await render('--values', E2E_VALUES, '--set', 'images.backendAi=other:1');
    expect(jobName(upgraded)).not.to.equal(jobName(e2e));
    expect(podOf(upgraded, 'manager')).not.to.deep.equal(podOf(e2e, 'manager'));
    expect(podOf(upgraded, 'agent')).to.deep.equal(podOf(e2e, 'agent'));
  });
});
