import { condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import type { TestEnvironment, TestEnvironmentStatus } from '@backendai-e2e/api/test-environment';
import type { Namespace } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { deployStep, installing, isFinalFailure, turnOf } from './decide.ts';
import { OWNER_ANNOTATION } from './namespace.ts';

const START = new Date('2030-01-01T00:00:00Z');

function environment(status: TestEnvironmentStatus = {}): TestEnvironment {
  return testEnvironment('dev', {
    metadata: { namespace: 'e2e', creationTimestamp: START.toISOString() },
    spec: { chart: { name: 'c' }, deployAfterRef: { name: 'first' }, readyTimeoutSeconds: 60 },
    status,
  });
}
const namespace = (metadata: Partial<Namespace['metadata']> = {}): Namespace => ({
  metadata: { name: 'bai-dev', annotations: { [OWNER_ANNOTATION]: 'e2e/dev' }, ...metadata },
});
const failed = { attemptedHash: 'new', conditions: [condition('Deployed', 'False', 'HelmFailed')] };

describe('the next step of a deployment', () => {
  const cases: [string, TestEnvironmentStatus, Namespace | undefined, object][] = [
    ['creates a missing namespace', {}, undefined, { do: 'createNamespace' }],
    ['installs into its own namespace', {}, namespace(), { do: 'install' }],
    ['installs what has changed', { valuesHash: 'old' }, namespace(), { do: 'install' }],
    ['observes what is installed', { valuesHash: 'new' }, namespace(), { do: 'observe' }],
    ['does not repeat a failed installation', failed, namespace(), { do: 'leave' }],
    ['retries once the values change', { ...failed, attemptedHash: 'old' }, namespace(), { do: 'install' }],
    [
      'refuses when the namespace of an installation is gone',
      { valuesHash: 'new' },
      undefined,
      { do: 'refuse', reason: 'NamespaceGone' },
    ],
    [
      'refuses a namespace of another owner',
      {},
      namespace({ annotations: { [OWNER_ANNOTATION]: 'e2e/other' } }),
      { do: 'refuse', reason: 'NamespaceTaken' },
    ],
    [
      'waits for a namespace that is being deleted',
      {},
      namespace({ deletionTimestamp: START.toISOString() }),
      { do: 'wait' },
    ],
  ];
  for (const [title, status, seen, step] of cases) {
    it(title, () => expect(deployStep(environment(status), 'new', seen)).to.deep.include(step));
  }
});

describe('the start of an installation', () => {
  const first: TestEnvironment = {
    ...environment(),
    metadata: { name: 'first', namespace: 'e2e', creationTimestamp: '2029-12-31T00:00:00Z' },
  };

  it('waits for the environment that goes first, but does not stop for it once begun', () => {
    expect(turnOf(environment(), 'new', first)).to.contain('first');
    expect(turnOf(environment({ attemptedHash: 'new' }), 'new', first)).to.equal(undefined);
  });

  it('keeps its time when another operator resumes it, and takes a new one for other values', () => {
    const later = new Date(START.getTime() + 30_000);
    const begun = { attemptedHash: 'new', deployStartedAt: START.toISOString(), readyAt: 'before' };
    expect(installing(environment(begun), 'new', later)).to.deep.equal({
      namespace: 'bai-dev',
      release: 'dev',
      attemptedHash: 'new',
      deployStartedAt: START.toISOString(),
    });
    expect(installing(environment(begun), 'newer', later).deployStartedAt).to.equal(later.toISOString());
  });

  it('fails for good at once, or after its deadline when another try could have helped', () => {
    const begun = environment({ deployStartedAt: START.toISOString() });
    const at = (seconds: number) => new Date(START.getTime() + seconds * 1000);
    expect(isFinalFailure(begun, false, at(1))).to.equal(true);
    expect(isFinalFailure(begun, true, at(59))).to.equal(false);
    expect(isFinalFailure(begun, true, at(60))).to.equal(true);
  });
});
