import { historyOwner } from '@backendai-e2e/api/artifact-key';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { RunHistory, type RunHistoryDependencies } from './run-history.ts';

const NAME = { namespace: 'e2e', name: 'nightly' };

function finished(uid: string): TestRun {
  return {
    metadata: { ...NAME, uid },
    spec: { environmentRef: { name: 'staging' } },
    status: { conditions: [{ type: 'Succeeded', status: 'True' }] },
  } as TestRun;
}

describe('the history of runs on the artifact server', () => {
  it('asks the server once for each run, also for a later run of the same name', async () => {
    const asked: string[] = [];
    let run: TestRun | undefined = finished('first');
    const history = new RunHistory({
      client: {} as RunHistoryDependencies['client'],
      artifacts: {
        list: ({ uid = '' }) => {
          asked.push(uid);
          // The record is there already: another operator stored it.
          const place = { ...historyOwner(NAME.namespace, uid), key: 'stored' };
          return Promise.resolve([{ place, bytes: 1 }]);
        },
        put: () => Promise.reject(new Error('stored twice')),
      } as unknown as RunHistoryDependencies['artifacts'],
      runs: { get: () => run },
      log: {} as RunHistoryDependencies['log'],
    });
    const reconcile = () => history.reconcile(NAME, AbortSignal.timeout(5_000));
    await reconcile();
    await reconcile();
    run = undefined;
    await reconcile();
    run = finished('second');
    await reconcile();
    expect(asked).to.deep.equal(['first', 'second']);
  });
});
