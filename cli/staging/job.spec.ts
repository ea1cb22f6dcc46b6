import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { COMMAND_EXIT } from '../../operator/api/runner.ts';
import type { TestRun } from '../../operator/api/test-run.ts';
import { run, suite } from '../report/sample-run.ts';
import {
  ApiError,
  type ClusterApi,
  ClusterUnreachable,
  type Query,
  type WatchEvent,
} from '../run/cluster-client.ts';
import { onInterrupt } from '../run/interrupt.ts';
import { PhaseClock } from '../run/phases.ts';
import { PlainView } from '../run/view.ts';
import { attachStaging, runStaging, type StagingOptions } from './job.ts';
import { SERVED } from './rights.ts';

const text = 'x';
const url = 'http://x';
const account = { email: text, password: text, accessKey: text, secretKey: text };
const connection = {
  namespace: 'bai',
  version: '1',
  domain: text,
  project: text,
  scalingGroup: text,
  manager: { url, internalUrl: url },
  webserver: { url },
  storageProxy: { clientUrl: url, managerUrl: url, internalUrl: url, managerSecret: text, volume: text },
  appProxy: { coordinatorUrl: url, workerUrl: url, apiSecret: text },
  postgres: { host: text, port: 1, user: text, password: text, database: text, appproxyDatabase: text },
  valkey: { host: text, port: 1, password: text },
  etcd: { endpoints: [url], namespace: text },
  registry: { url, name: text, project: text, kernelImage: text },
  s3: { endpoint: url, region: text, accessKey: text, secretKey: text, bucket: text },
  accounts: { admin: account, user: account, user2: account },
};

const options: StagingOptions = {
  places: { deployment: 'bai', test: 't' },
  sources: { secret: 'creds' },
  includeSlow: true,
  parallelism: 1,
  timeoutSeconds: 60,
  catalog: ['s'],
  keep: false,
  dryRun: false,
  patienceSeconds: 0.02,
  cacheDir: '/nowhere',
  attachCommand: './e2e attach',
};

/** The part of an access review that is looked at. */
interface Review {
  resourceAttributes?: { resource: string; verb: string };
}

interface Stored {
  metadata: { name: string; labels?: Record<string, string>; deletionTimestamp?: string };
  [key: string]: unknown;
}

/** A cluster in memory: what is created stands, what is deleted goes at once; reviews are answered, not stored. */
class Cluster {
  readonly objects = new Map<string, Stored>();
  readonly signals = new EventEmitter();
  denied: string[] = [];
  /** What the operator makes of a run as soon as it is created. */
  finish: (created: TestRun) => TestRun = (created) => ({
    ...run([suite('s', 'Passed')]),
    metadata: created.metadata,
  });
  reachable = true;
  atInstall: () => void = () => {};
  readonly did: string[] = [];
  collect: () => Promise<string[]> = async () => [];

  constructor() {
    this.put('/api/v1/namespaces/t', {});
    const data = { 'connection.json': Buffer.from(JSON.stringify(connection)).toString('base64') };
    this.put('/api/v1/namespaces/bai/secrets/creds', { data });
  }

  put(path: string, object: object): Stored {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const { metadata, ...rest } = { metadata: {}, ...object };
    const stored: Stored = { ...rest, metadata: { ...metadata, name } };
    this.objects.set(path, stored);
    return stored;
  }

  /** Everything that stands in the test namespace, by kind. */
  get made(): string[] {
    return [...this.objects.keys()]
      .filter((path) => path.includes('/namespaces/t/'))
      .map((path) => path.split('/').at(-2) ?? '');
  }

  private answer(): void {
    if (!this.reachable) throw new ClusterUnreachable('connection failed');
  }

  private list(path: string, query: Query): Stored[] {
    return [...this.objects]
      .filter(([key]) => key.slice(0, key.lastIndexOf('/')) === path)
      .map(([, object]) => object)
      .filter(({ metadata }) => matches(metadata, query));
  }

  api(): ClusterApi {
    return {
      get: async <T>(path: string, query: Query = {}): Promise<T> => {
        this.answer();
        if (path === `/apis/${SERVED.apiVersion}`) {
          return { resources: SERVED.plurals.map((name) => ({ name })) } as T;
        }
        const isOne = this.objects.get(path);
        if (isOne) return isOne as T;
        if (/\/(secrets|deployments)\//.test(path)) throw new ApiError(404, 'NotFound', 'not found');
        return { metadata: { resourceVersion: '1' }, items: this.list(path, query) } as T;
      },
      create: async <T>(
        path: string,
        body: unknown,
        _signal?: AbortSignal,
        query: Query = {},
      ): Promise<T> => {
        this.answer();
        const object = body as { kind: string; spec?: Review; metadata: { generateName?: string } };
        if (object.kind === 'SelfSubjectReview') return { status: { userInfo: { username: 'jane' } } } as T;
        if (object.kind === 'SelfSubjectAccessReview') {
          const { resource, verb } = object.spec?.resourceAttributes ?? { resource: '', verb: '' };
          return { status: { allowed: !this.denied.includes(`${verb} ${resource}`) } } as T;
        }
        if (query.dryRun) return object as T;
        this.did.push(`create ${object.kind}`);
        const stored = this.put(`${path}/${object.metadata.generateName ?? 'x-'}1`, object);
        if (object.kind !== 'TestRun') return stored as T;
        const finished = this.finish(stored as unknown as TestRun);
        this.objects.set(`${path}/${stored.metadata.name}`, { ...finished, metadata: stored.metadata });
        return stored as T;
      },
      apply: async <T>(path: string, body: unknown): Promise<T> => {
        this.answer();
        this.did.push(`apply ${(body as { kind: string }).kind}`);
        return this.put(path, body as object) as T;
      },
      mergePatch: async <T>(path: string, body: unknown): Promise<T> => {
        this.answer();
        this.did.push(`patch ${JSON.stringify(body)}`);
        return { ...run([suite('s', 'Interrupted')]), ...this.objects.get(path) } as T;
      },
      delete: async (path: string) => {
        this.answer();
        this.did.push(`delete ${path.split('/').at(-2)}`);
        this.objects.delete(path);
      },
      text: async () => '',
      bytes: async () => Buffer.alloc(0),
      watch: async function* (this: void): AsyncGenerator<WatchEvent<never>> {},
      close: async () => {},
    } as ClusterApi;
  }

  private parts() {
    const output: string[] = [];
    return {
      effects: {
        connect: async () => this.api(),
        images: async () => ({ operator: 'r/o:1', suites: 'r/s:1' }),
        install: async () => {
          this.answer();
          this.did.push('install');
          const labels = {
            'app.kubernetes.io/name': 'e2e-operator',
            'app.kubernetes.io/instance': 'e2e-operator',
          };
          const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
          this.put('/apis/apps/v1/namespaces/t/deployments/backendai-e2e-operator', {
            metadata: { labels, generation: 1 },
            spec: { replicas: 1 },
            status,
          });
          this.put('/api/v1/namespaces/t/secrets/helm.e2e-operator.v1', {
            metadata: {
              labels: { owner: 'helm', name: 'e2e-operator', 'e2e.backend.ai/made-by': 'staging' },
            },
          });
          this.put('/apis/e2e.backend.ai/v1alpha1/namespaces/t/testsuites/s', {
            metadata: { labels: { 'app.kubernetes.io/managed-by': 'backendai-e2e-catalog' } },
            spec: { image: 'r/s:1' },
          });
          this.atInstall();
        },
        uninstall: async () => {
          this.did.push('uninstall');
        },
      },
      view: new PlainView({ write: (line) => output.push(String(line)) }, () => 0),
      clock: new PhaseClock(),
      interruption: onInterrupt(() => {}, this.signals),
      collect: async () => {
        this.did.push('collect');
        return this.collect();
      },
    };
  }

  run(more: Partial<StagingOptions> = {}) {
    return runStaging({ ...options, ...more }, this.parts());
  }

  attach() {
    return attachStaging(options, this.parts());
  }
}

function matches(metadata: Stored['metadata'], query: Query): boolean {
  const labels = String(query.labelSelector ?? '')
    .split(',')
    .filter(Boolean)
    .every((each) => {
      const [key = '', value] = each.split('=');
      return value === undefined ? key in (metadata.labels ?? {}) : metadata.labels?.[key] === value;
    });
  const name = /metadata\.name=(.+)/.exec(String(query.fieldSelector ?? ''))?.[1];
  return labels && (name === undefined || name === metadata.name);
}

describe('a staging run', () => {
  it('passes, fetches the results, and leaves nothing', async () => {
    const cluster = new Cluster();
    const { ending } = await cluster.run();
    expect(ending, ending.sentence).to.include({ code: COMMAND_EXIT.passed });
    expect(cluster.made).to.deep.equal([]);
    const order = [
      'install',
      'apply Secret',
      'apply TestEnvironment',
      'create TestRun',
      'collect',
      'uninstall',
    ];
    expect(cluster.did.filter((step) => order.includes(step))).to.deep.equal(order);
  });

  it('ends with 1 for a suite that failed, and leaves nothing either', async () => {
    const cluster = new Cluster();
    cluster.finish = () => run([suite('s', 'Failed')], { status: 'False', reason: 'SuitesFailed' });
    expect((await cluster.run()).ending.code).to.equal(COMMAND_EXIT.failed);
    expect(cluster.made).to.deep.equal([]);
  });

  it('creates nothing when a right is missing, and names it', async () => {
    const cluster = new Cluster();
    cluster.denied = ['create jobs'];
    const { ending } = await cluster.run();
    expect(ending.code).to.equal(COMMAND_EXIT.couldNotRun);
    expect(ending.sentence).to.include('missing right: create jobs.batch in namespace t');
    expect(cluster.did).to.deep.equal([]);
  });

  it('creates nothing in a dry run, nor beside an operator of somebody else, nor without credentials', async () => {
    const dry = new Cluster();
    expect((await dry.run({ dryRun: true })).ending.code).to.equal(COMMAND_EXIT.passed);
    const foreign = new Cluster();
    const labels = { owner: 'helm', name: 'e2e-operator' };
    foreign.put('/api/v1/namespaces/t/secrets/helm.e2e-operator.v1', { metadata: { labels } });
    expect((await foreign.run()).ending.sentence).to.include('another TEST_NAMESPACE');
    const poor = new Cluster();
    poor.objects.delete('/api/v1/namespaces/bai/secrets/creds');
    const { sentence } = (await poor.run()).ending;
    expect(sentence).to.include('postgres').and.include('bai/creds');
    expect([...dry.did, ...foreign.did, ...poor.did]).to.deep.equal([]);
  });

  it('is left to itself when the connection is lost, and attached to later', async () => {
    const cluster = new Cluster();
    let finished: TestRun | undefined;
    cluster.finish = (created) => {
      finished = { ...run([suite('s', 'Passed')]), metadata: created.metadata };
      cluster.reachable = false;
      const { status: _, ...going } = finished;
      return going;
    };
    const { ending } = await cluster.run();
    expect(ending.code).to.equal(COMMAND_EXIT.couldNotRun);
    expect(ending.sentence).to.include('goes on there').and.include('./e2e attach');
    expect(cluster.did).not.to.include.members(['collect', 'uninstall']);
    expect(cluster.made).to.include.members(['testruns', 'testenvironments', 'deployments']);

    cluster.reachable = true;
    expect((await cluster.run()).ending.sentence).to.include('goes on in namespace t');
    const [path] = [...cluster.objects.keys()].filter((key) => key.includes('/testruns/'));
    if (path && finished) cluster.objects.set(path, finished as unknown as Stored);
    expect((await cluster.attach()).ending.code).to.equal(COMMAND_EXIT.passed);
    expect(cluster.made).to.deep.equal([]);
    expect((await cluster.attach()).ending.sentence).to.include('there is no run');
  });

  it('says how to remove what is left when the cluster goes away before there is a run', async () => {
    const cluster = new Cluster();
    cluster.atInstall = () => {
      cluster.reachable = false;
      throw new Error('helm ended with code 1');
    };
    const { ending } = await cluster.run();
    expect(ending.code).to.equal(COMMAND_EXIT.couldNotRun);
    expect(ending.sentence).to.include('"./e2e attach" removes what is left');
    cluster.reachable = true;
    const { sentence } = (await cluster.attach()).ending;
    expect(sentence).to.include('what an earlier command left there is removed');
    expect(cluster.made).to.deep.equal([]);
  });

  it('keeps everything when the results cannot be fetched because the cluster went away', async () => {
    const cluster = new Cluster();
    cluster.collect = async () => {
      cluster.reachable = false;
      throw new ClusterUnreachable('gone');
    };
    const { ending } = await cluster.run();
    expect(ending.code).to.equal(COMMAND_EXIT.couldNotRun);
    expect(ending.sentence).to.include('./e2e attach');
    expect(cluster.made).to.include.members(['testruns', 'deployments']);
  });

  it('is cancelled by Ctrl-C and removed', async () => {
    const cluster = new Cluster();
    cluster.finish = (created) => {
      const { status: _, ...going } = run([suite('s', 'Passed')]);
      setTimeout(() => cluster.signals.emit('SIGINT', 'SIGINT'), 5);
      return { ...going, metadata: created.metadata };
    };
    const { ending } = await cluster.run({ patienceSeconds: 5 });
    expect(ending.code).to.equal(COMMAND_EXIT.interrupted);
    expect(cluster.did).to.include('patch {"spec":{"cancel":true}}').and.not.include('collect');
    expect(cluster.made).to.deep.equal([]);
  });

  it('removes first what an earlier command left behind', async () => {
    const cluster = new Cluster();
    cluster.put('/api/v1/namespaces/t/secrets/helm.e2e-operator.v1', {
      metadata: { labels: { owner: 'helm', name: 'e2e-operator', 'e2e.backend.ai/made-by': 'staging' } },
    });
    expect((await cluster.run()).ending.code).to.equal(COMMAND_EXIT.passed);
    expect(cluster.did.indexOf('uninstall')).to.be.lessThan(cluster.did.indexOf('install'));
  });

  it('keeps operator and run when asked to', async () => {
    const cluster = new Cluster();
    expect((await cluster.run({ keep: true })).ending.code).to.equal(COMMAND_EXIT.passed);
    expect(cluster.made).to.include.members(['testruns', 'deployments', 'testsuites']);
  });
});
