import { testRun, testSuite } from '@backendai-e2e/api/object-fixtures';
import { ApiError } from '@backendai-e2e/kube/api-error';
import type { Job } from '@backendai-e2e/kube/builtin-resources';
import type { Intent, KubeObject, ObjectName, Resource } from '@backendai-e2e/kube/object';
import { attemptContext, traceparent } from '@backendai-e2e/results/trace-ids';
import { expect } from 'chai';
import type { AttemptStart } from './start-attempt.ts';
import { ChosenElsewhereError, startAttempt } from './start-attempt.ts';

const run = testRun('run', {
  metadata: { uid: 'u' },
  spec: { environmentRef: { name: 'one' }, moreEnvironmentRefs: [{ name: 'two' }] },
});
const start: AttemptStart = {
  ...{ line: 'alpha', suite: testSuite('alpha'), attempt: 1, name: 'run-alpha-1', environment: 'one' },
  since: '2026-01-01T00:00:00Z',
};

/** An API server in memory: what is created stays. */
class Memory {
  readonly objects = new Map<string, KubeObject>();
  readonly kinds = () => [...this.objects.keys()].map((key) => key.split('/')[0]).sort();

  readonly create = async <T extends KubeObject>(resource: Resource<T>, object: Intent<T>): Promise<T> => {
    const key = `${resource.kind}/${object.metadata.name}`;
    if (this.objects.has(key)) {
      throw new ApiError({ code: 409, reason: 'AlreadyExists', message: key, what: 'create' });
    }
    this.objects.set(key, object as unknown as KubeObject);
    return object as unknown as T;
  };
  readonly get = async <T extends KubeObject>(resource: Resource<T>, { name }: ObjectName) =>
    this.objects.get(`${resource.kind}/${name}`) as T | undefined;
  readonly delete = async () => true;
}

describe('an attempt in one of several environments', () => {
  const begin = (memory: Memory, changes: Partial<AttemptStart> = {}) =>
    startAttempt(
      memory,
      run,
      { ...start, ...changes },
      { place: undefined, pods: undefined },
      AbortSignal.timeout(5_000),
    );

  it('is completed where it started', async () => {
    const memory = new Memory();
    await begin(memory);
    memory.objects.delete('Job/run-alpha-1');
    await begin(memory);
    expect(memory.kinds()).to.include('Job');
  });

  it('has its place in the trace of the run, by the uids of both', async () => {
    const memory = new Memory();
    await begin(memory);
    const job = memory.objects.get('Job/run-alpha-1') as Job | undefined;
    const env = job?.spec?.template?.spec?.containers?.[0]?.env ?? [];
    // The memory gives no uid to a report.
    const place = traceparent(attemptContext('u', 'run-alpha-1'));
    expect(env).to.deep.include({ name: 'TRACEPARENT', value: place });
  });

  it('starts in one go although the API server fails after each creation', async () => {
    const memory = new Memory();
    const { create } = memory;
    const late: Memory['create'] = async (resource, object) => {
      await create(resource, object);
      throw new ApiError({ code: 500, reason: 'InternalError', message: 'too late', what: 'create' });
    };
    await begin(Object.assign(memory, { create: late }));
    expect(memory.kinds()).to.deep.equal(['Job', 'Role', 'RoleBinding', 'ServiceAccount', 'TestReport']);
  });

  it('says why the API server failed where it created nothing', async () => {
    const memory = new Memory();
    const never: Memory['create'] = async () => {
      throw new ApiError({ code: 500, reason: 'InternalError', message: 'etcd is away', what: 'create' });
    };
    const failure = await begin(Object.assign(memory, { create: never })).catch((error: unknown) => error);
    expect(String(failure)).to.include('etcd is away');
    expect(memory.kinds()).to.deep.equal([]);
  });

  it('gets no Job in another one while the cache lacks its report', async () => {
    const memory = new Memory();
    await begin(memory, { environment: 'two' });
    memory.objects.delete('Job/run-alpha-1');
    const failure = await begin(memory).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ChosenElsewhereError);
    expect(String(failure)).to.include('TestReport ns/run-alpha-1 is of an attempt in two');
    expect(memory.kinds()).not.to.include('Job');
  });
});
