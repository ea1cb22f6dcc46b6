import { EventEmitter } from 'node:events';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { ApiError } from '@backendai-e2e/kube/api-error';
import type { WatchEvent } from '@backendai-e2e/kube/calls';
import type { Query } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { PhaseClock } from '../pipeline/phases.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { PlainRenderer } from '../terminal/renderer.ts';
import type { StagingOptions } from './context.ts';
import { SERVED } from './rights.ts';
import { attachStaging, runStaging } from './staging-pipeline.ts';

/** Values that no test checks. */
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

/** A run of suite "s" against namespace "bai", by an operator in "t". */
const options: StagingOptions = {
  namespaces: { deployment: 'bai', test: 't' },
  sources: { secret: 'creds' },
  includeSlow: true,
  parallelism: 1,
  timeoutSeconds: 60,
  catalog: ['s'],
  allowInvasive: false,
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

/** A stored object. */
export interface Stored {
  metadata: {
    name: string;
    uid?: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
    ownerReferences?: { uid: string }[];
  };
  [key: string]: unknown;
}

/** The error of a cluster that cannot be reached. */
export function unreachable(): ApiError {
  return new ApiError({ what: 'get /', code: 0, reason: 'NoAnswer', message: 'connection failed' });
}

/** A cluster in memory: it stores what is created, removes what is deleted, and answers reviews. */
export class Cluster {
  readonly objects = new Map<string, Stored>();
  readonly signals = new EventEmitter();
  denied: string[] = [];
  /** What the operator does with a run as soon as it is created. */
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

  /** Stores an object under the path of its URL, whose last part is its name. */
  put(path: string, object: object): Stored {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const { metadata, ...rest } = { metadata: {}, ...object };
    const stored: Stored = { ...rest, metadata: { uid: `uid of ${path}`, ...metadata, name } };
    this.objects.set(path, stored);
    return stored;
  }

  /** Everything in the test namespace, by kind. */
  get made(): string[] {
    return [...this.objects.keys()]
      .filter((path) => path.includes('/namespaces/t/'))
      .map((path) => path.split('/').at(-2) ?? '');
  }

  private answer(): void {
    if (!this.reachable) throw unreachable();
  }

  private list(path: string, query: Query): Stored[] {
    return [...this.objects]
      .filter(([key]) => key.slice(0, key.lastIndexOf('/')) === path)
      .map(([, object]) => object)
      .filter(({ metadata }) => matches(metadata, query));
  }

  api(): RestApi {
    return {
      get: async <T>(path: string, query: Query = {}): Promise<T> => {
        this.answer();
        if (path === `/apis/${SERVED.apiVersion}`) {
          return { resources: SERVED.plurals.map((name) => ({ name })) } as T;
        }
        const isOne = this.objects.get(path);
        if (isOne) return isOne as T;
        if (/\/(secrets|deployments)\//.test(path))
          throw new ApiError({ what: `get ${path}`, code: 404, reason: 'NotFound', message: 'not found' });
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
        // As the garbage collector does.
        for (const [key, { metadata }] of this.objects)
          if (metadata.ownerReferences?.some(({ uid }) => uid === `uid of ${path}`)) this.objects.delete(key);
      },
      text: async () => '',
      bytes: async () => Buffer.alloc(0),
      putBytes: async () => Buffer.alloc(0),
      watch: async function* (this: void): AsyncGenerator<WatchEvent<never>> {},
      close: async () => {},
    } as RestApi;
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
      renderer: new PlainRenderer({ write: (line) => output.push(String(line)) }, () => 0),
      clock: new PhaseClock(),
      interruption: onInterrupt(() => {}, this.signals),
      collect: async () => {
        this.did.push('collect');
        return this.collect();
      },
    };
  }

  /** A staging run with these further options. */
  run(more: Partial<StagingOptions> = {}) {
    return runStaging({ ...options, ...more }, this.parts());
  }

  /** Attaches to the stored run. */
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
