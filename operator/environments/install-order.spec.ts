import type { Condition } from '@backendai-e2e/api/conditions';
import { condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import type { TestEnvironment, TestEnvironmentStatus } from '@backendai-e2e/api/test-environment';
import { expect } from 'chai';
import { waitsForTurn } from './install-order.ts';

function environment(
  name: string,
  more: { after?: string; created?: number; status?: TestEnvironmentStatus },
) {
  const { after, created = 0, status } = more;
  return testEnvironment(name, {
    metadata: { generation: 1, creationTimestamp: new Date(created * 1000).toISOString() },
    spec: { chart: { name: 'c' }, ...(after ? { deployAfterRef: { name: after } } : {}) },
    status: status && { observedGeneration: 1, ...status },
  });
}

function conditions(deployed: Condition['status'], ready: Condition['status'], reason = 'x'): Condition[] {
  return [condition('Deployed', deployed), condition('Ready', ready, reason)];
}

describe('an environment that is deployed after another', () => {
  const second = environment('b', { after: 'a' });
  const waits = (before: TestEnvironment | undefined, one = second) =>
    waitsForTurn(one, before) !== undefined;
  const first = (status?: TestEnvironmentStatus) => environment('a', status ? { status } : {});

  it('waits while the other is coming up', () => {
    expect(waitsForTurn(second, first())).to.include('waits for TestEnvironment a');
    expect(waits(first({ conditions: conditions('Unknown', 'False') }))).to.equal(true);
    expect(waits(first({ conditions: conditions('True', 'False', 'ComponentsNotReady') }))).to.equal(true);
    const changed = first({ conditions: conditions('True', 'True'), readyAt: 'then', observedGeneration: 0 });
    expect(waits(changed)).to.equal(true);
  });

  it('does not wait when the other is or was ready, failed, or does not exist', () => {
    expect(waits(first({ conditions: conditions('True', 'True'), readyAt: 'then' }))).to.equal(false);
    expect(waits(first({ conditions: conditions('True', 'False'), readyAt: 'then' }))).to.equal(false);
    expect(waits(first({ conditions: conditions('False', 'False') }))).to.equal(false);
    expect(waits(first({ conditions: conditions('True', 'False', 'DeployTimedOut') }))).to.equal(false);
    expect(waits(undefined)).to.equal(false);
    const going = first();
    expect(waits({ ...going, metadata: { ...going.metadata, deletionTimestamp: 'now' } })).to.equal(false);
  });

  it('does not wait for one that was created later', () => {
    const one = environment('a', { after: 'b' });
    expect([waits(second, one), waits(one)]).to.deep.equal([false, true]);
    const late = environment('a', { created: 5 });
    expect(waits(late)).to.equal(false);
  });

  it('does not wait when it names none', () => {
    expect(waits(first(), environment('b', {}))).to.equal(false);
  });
});
