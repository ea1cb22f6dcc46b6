import { condition, testReport, testRun } from '@backendai-e2e/api/object-fixtures';
import { ownerReference } from '@backendai-e2e/api/resources';
import { REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { expect } from 'chai';
import { TestReportReconciler } from './reconciler.ts';

const AT = { namespace: 'tests', name: 'nightly-alpha-1' };
const run = testRun('nightly', { metadata: { namespace: 'tests', uid: 'run-1' } });
const report = testReport('alpha', {
  metadata: { ...AT, uid: 'report-1', ownerReferences: [ownerReference(run)] },
  spec: { run: 'nightly' },
  status: finalReport('Failed'),
});
const archived: TestReport = {
  ...report,
  status: {
    ...report.status,
    conditions: [condition(REPORT_CONDITIONS.archived, 'True', 'Archived')],
  },
};

/** Reconciles the report as the cache has it, and returns the archives that were made. */
async function archives(cached: TestReport, stored: TestReport | undefined): Promise<string[]> {
  const made: string[] = [];
  const reconciler = new TestReportReconciler({
    client: {
      get: async () => stored as never,
      list: () => Promise.reject(new Error('nothing is listed')),
      delete: () => Promise.reject(new Error('nothing is deleted')),
      applyStatus: () => Promise.reject(new Error('nothing is written')),
    },
    reports: { get: () => cached, forget: () => undefined },
    runs: { get: () => run },
    environments: { get: () => undefined },
    jobs: { get: () => undefined },
    pods: { list: () => [], forget: () => undefined },
    collector: {
      archive: async (attempt) => {
        made.push(attempt.report.metadata.name);
        return true;
      },
    },
    undoer: { settle: () => Promise.reject(new Error('nothing is undone')) },
    events: { record: () => undefined },
    clock: new FakeClock(),
  });
  await reconciler.reconcile(AT, new AbortController().signal);
  return made;
}

describe('TestReport with a cache that lags behind the API server', () => {
  it('archives an attempt that is not archived', async () => {
    expect(await archives(report, report)).to.deep.equal(['nightly-alpha-1']);
  });

  it('does not archive an attempt again whose archive the cache does not show yet', async () => {
    expect(await archives(report, archived)).to.deep.equal([]);
  });

  it('archives nothing for a report that is deleted', async () => {
    expect(await archives(report, undefined)).to.deep.equal([]);
  });
});
