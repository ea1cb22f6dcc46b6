import { FINALIZERS } from '@backendai-e2e/api/group';
import { testEnvironment } from '@backendai-e2e/api/object-fixtures';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { expect } from 'chai';
import { environmentNamespace } from './namespace.ts';
import { type TestEnvironmentDependencies, TestEnvironmentReconciler } from './reconciler.ts';

const AT = { namespace: 'tests', name: 'e2e' };
const earlier = testEnvironment('e2e', {
  metadata: {
    ...AT,
    uid: 'earlier',
    deletionTimestamp: '2026-01-01T00:00:00Z',
    finalizers: [FINALIZERS.environment],
  },
  spec: { chart: { name: 'tiny' } },
});
const later = testEnvironment('e2e', { metadata: { ...AT, uid: 'later' }, spec: earlier.spec });

describe('a new leader that has not heard that an environment was deleted and created again', () => {
  it('leaves the later deployment alone', async () => {
    const done: string[] = [];
    // The casts: the deletion of an environment uses these members only.
    const reconciler = new TestEnvironmentReconciler({
      client: {
        get: async () => later,
        applyStatus: () =>
          Promise.reject(new ApiError({ code: 409, reason: 'Conflict', message: 'changed', what: 'apply' })),
      },
      environments: { get: () => earlier },
      watch: { forget: () => undefined },
      installer: {
        namespace: async () => environmentNamespace(later),
        forget: () => undefined,
        uninstall: async () => void done.push('uninstalled'),
        deleteNamespace: async () => void done.push('namespace deleted'),
      },
      clock: new FakeClock(),
    } as unknown as TestEnvironmentDependencies);
    await reconciler.reconcile(AT, new AbortController().signal);
    expect(done).to.deep.equal([]);
  });
});
