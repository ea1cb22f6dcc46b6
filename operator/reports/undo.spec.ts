import type { TestReport } from '@backendai-e2e/api/test-report';
import type { Job } from '@backendai-e2e/kube/builtin-resources';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { expect } from 'chai';
import { run, suite } from '../runs/plan-fixtures.ts';
import { ChangeUndoer } from './undo.ts';

const report: TestReport = {
  apiVersion: 'e2e.backend.ai/v1alpha1',
  kind: 'TestReport',
  metadata: { name: 'run-alpha-1', namespace: 'ns', uid: 'u' },
  spec: { run: 'run', suite: 'alpha', attempt: 1 },
  status: { changes: [{ undo: 'DeleteConfig', subject: 'a/key' }] },
};

/** What the undoer writes, and whether it is done, with this Job and this suite in the cluster. */
async function told(job: Job | undefined, withSuite = true) {
  const written: unknown[] = [];
  const undoer = new ChangeUndoer({
    client: {
      get: async () => job as never,
      create: async (_kind, object) => object as never,
      applyStatus: async (_kind, object) => {
        written.push(object);
        return object as never;
      },
    },
    suites: { get: () => (withSuite ? suite('alpha') : undefined) },
    environments: { get: () => undefined },
    events: { record: () => undefined },
    clock: new FakeClock(),
  });
  const done = await undoer.settle(report, run(), new AbortController().signal);
  return { done, text: JSON.stringify(written) };
}

const ended = (type: 'Complete' | 'Failed'): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'run-alpha-1-undo', namespace: 'ns' },
  status: { conditions: [{ type, status: 'True', reason: 'BackoffLimitExceeded' }] },
});

describe('the undoing of changes', () => {
  it('waits for its Job', async () => {
    expect(await told(undefined)).to.deep.equal({ done: false, text: '[]' });
    expect((await told({ ...ended('Complete'), status: {} })).done).to.equal(false);
  });

  it('waits while the Job of an earlier report of its name is there', async () => {
    const job = ended('Complete');
    const owner = {
      apiVersion: 'e2e.backend.ai/v1alpha1',
      kind: 'TestReport',
      name: 'run-alpha-1',
      controller: true,
    };
    const of = (uid: string) => ({
      ...job,
      metadata: { ...job.metadata, ownerReferences: [{ ...owner, uid }] },
    });
    expect(await told(of('earlier'))).to.deep.equal({ done: false, text: '[]' });
    expect((await told(of('u'))).done).to.equal(true);
  });

  it('says that everything is undone', async () => {
    const { done, text } = await told(ended('Complete'));
    expect(done).to.equal(true);
    expect(text).to.include('ChangesUndone').and.include('DeleteConfig a/key');
  });

  it('says what to undo by hand, and where the reason is, when the Job failed', async () => {
    const { done, text } = await told(ended('Failed'));
    expect(done).to.equal(true);
    expect(text)
      .to.include('UndoFailed')
      .and.include('kubectl logs job/run-alpha-1-undo -n ns')
      .and.include('undo by hand: DeleteConfig a/key');
  });

  it('says so when the suite with the image is gone', async () => {
    const { done, text } = await told(undefined, false);
    expect(done).to.equal(true);
    expect(text).to.include('SuiteGone').and.include('DeleteConfig a/key');
  });
});
