import { condition, testReport, testRun } from '@backendai-e2e/api/object-fixtures';
import { ownerReference } from '@backendai-e2e/api/resources';
import { REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { Job, Pod } from '@backendai-e2e/kube/builtin-resources';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { endedPodStatus } from '@backendai-e2e/tools/envtest/doubles/pod-status';
import { rejection } from '@backendai-e2e/tools/envtest/waits/rejection';
import { expect } from 'chai';
import { JOB_NAME_LABEL } from '../attempts/attempt-name.ts';
import { type TestReportDependencies, TestReportReconciler } from './reconciler.ts';

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

const ENDED = [condition('Succeeded', 'False', 'Cancelled')];
const NO_PODS = { items: [], metadata: {} } as never;

/** A reconciler that finds nothing and may write nothing, except with what a test gives it. */
function reconcilerWith(given: Partial<TestReportDependencies>): TestReportReconciler {
  return new TestReportReconciler({
    client: clientWith({}),
    reports: { get: () => undefined, forget: () => undefined },
    runs: { get: () => run },
    environments: { get: () => undefined },
    jobs: { get: () => undefined },
    pods: { list: () => [], forget: () => undefined },
    collector: { archive: () => Promise.reject(new Error('nothing is archived')) },
    undoer: { settle: () => Promise.reject(new Error('nothing is undone')) },
    events: { record: () => undefined },
    clock: new FakeClock(),
    ...given,
  });
}

function clientWith(given: Partial<TestReportDependencies['client']>): TestReportDependencies['client'] {
  return {
    get: async () => undefined,
    list: () => Promise.reject(new Error('nothing is listed')),
    delete: () => Promise.reject(new Error('nothing is deleted')),
    applyStatus: () => Promise.reject(new Error('nothing is written')),
    ...given,
  };
}

/** Reconciles the report as the cache has it, and returns the archives that were made. */
async function archives(cached: TestReport, stored: TestReport | undefined): Promise<string[]> {
  const made: string[] = [];
  const reconciler = reconcilerWith({
    client: clientWith({ get: async () => stored as never, list: async () => NO_PODS }),
    reports: { get: () => cached, forget: () => undefined },
    collector: {
      archive: async (attempt) => {
        made.push(attempt.report.metadata.name);
        return true;
      },
    },
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

  const begun: TestReport = { ...report, status: {} };
  const running: TestRun = {
    ...run,
    status: { suites: [{ name: 'alpha', state: 'Running', attempt: 1, report: AT.name }] },
  };

  it('takes a Job for one that vanished only if it was missing after it had been started', async () => {
    let cached: TestRun = run;
    const reconciler = reconcilerWith({
      reports: { get: () => begun, forget: () => undefined },
      runs: { get: () => cached },
      client: clientWith({
        // The Job is created, and the run says so, while the answer "no such Job" is on its way.
        get: async (resource) => {
          cached = running;
          return (resource.kind === 'TestReport' ? begun : undefined) as never;
        },
      }),
    });
    expect(await reconciler.reconcile(AT, new AbortController().signal)).to.equal(undefined);
    const vanished = await rejection(reconciler.reconcile(AT, new AbortController().signal));
    expect(String(vanished)).to.include('nothing is written');
  });

  it('reads the end of a pod that it has not heard of when the Job has failed already', async () => {
    const written: unknown[] = [];
    const job = { metadata: AT, status: { conditions: [{ type: 'Failed', status: 'True' }] } } as Job;
    const pod = {
      metadata: { ...AT, name: `${AT.name}-x` },
      status: endedPodStatus(1),
    } as Pod;
    const reconciler = reconcilerWith({
      reports: { get: () => begun, forget: () => undefined },
      jobs: { get: () => job },
      client: clientWith({
        get: async () => begun as never,
        list: async () => ({ items: [pod], metadata: {} }) as never,
        applyStatus: async (_resource, intent) => {
          written.push(intent);
          return begun as never;
        },
      }),
    });
    await reconciler.reconcile(AT, new AbortController().signal);
    expect(written).to.have.nested.property('[0].status.reason', 'RunnerEnded');
  });

  it('archives the log of a pod that it has not heard of', async () => {
    const pod = { metadata: { ...AT, name: `${AT.name}-x` }, status: endedPodStatus(0) } as Pod;
    const logs: (string | undefined)[] = [];
    const reconciler = reconcilerWith({
      client: clientWith({
        get: async () => report as never,
        list: async () => ({ items: [pod], metadata: {} }) as never,
      }),
      reports: { get: () => report, forget: () => undefined },
      collector: {
        archive: async (attempt) => {
          logs.push(attempt.pod?.metadata.name);
          return true;
        },
      },
    });
    await reconciler.reconcile(AT, new AbortController().signal);
    expect(logs).to.deep.equal(['nightly-alpha-1-x']);
  });

  const jobOfRun: Job = {
    metadata: { ...AT, uid: 'job-1', ownerReferences: [ownerReference(run)] },
    apiVersion: 'batch/v1',
    kind: 'Job',
  };
  const podOf = ({ metadata: { uid = '' } }: Job, status: Pod['status']) => {
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: AT.name, uid, controller: true };
    const labels = { [JOB_NAME_LABEL]: AT.name };
    return { metadata: { ...AT, name: `${AT.name}-x`, labels, ownerReferences: [owner] }, status } as Pod;
  };
  const endedOldPod = podOf({ ...jobOfRun, metadata: { ...AT, uid: 'job-0' } }, endedPodStatus(1));

  it('does not end an attempt for the pod of an earlier run of its name', async () => {
    const reconciler = reconcilerWith({
      reports: { get: () => begun, forget: () => undefined },
      jobs: { get: () => jobOfRun },
      pods: { list: () => [endedOldPod], forget: () => undefined },
      client: clientWith({ get: async () => begun as never, list: async () => NO_PODS }),
    });
    await reconciler.reconcile(AT, new AbortController().signal);
  });

  it('does not end an attempt for the Job of an earlier run of its name', async () => {
    const earlier = testRun('nightly', { metadata: { uid: 'run-0' } });
    const old = {
      ...jobOfRun,
      metadata: { ...AT, uid: 'job-0', ownerReferences: [ownerReference(earlier)] },
    };
    const reconciler = reconcilerWith({
      reports: { get: () => begun, forget: () => undefined },
      jobs: { get: () => old },
      pods: { list: () => [endedOldPod], forget: () => undefined },
      client: clientWith({ get: async ({ kind }) => (kind === 'TestReport' ? begun : undefined) as never }),
    });
    await reconciler.reconcile(AT, new AbortController().signal);
  });

  it('does not end or archive the attempt of a later run, for an end of the earlier one', async () => {
    const later = { ...begun, metadata: { ...begun.metadata, uid: 'report-2' } };
    for (const cached of [begun, report]) {
      const reconciler = reconcilerWith({
        reports: { get: () => cached, forget: () => undefined },
        jobs: { get: () => jobOfRun },
        pods: { list: () => [podOf(jobOfRun, endedPodStatus(1))], forget: () => undefined },
        client: clientWith({ get: async () => later as never, list: async () => NO_PODS }),
      });
      await reconciler.reconcile(AT, new AbortController().signal);
    }
  });

  it('ends an attempt that its run does not know of when the run has ended', async () => {
    const reconciler = reconcilerWith({
      reports: { get: () => begun, forget: () => undefined },
      runs: { get: () => ({ ...run, status: { finishedAt: '2026-01-01T00:00:00Z', conditions: ENDED } }) },
      client: clientWith({ get: async () => begun as never }),
    });
    const closed = await rejection(reconciler.reconcile(AT, new AbortController().signal));
    expect(String(closed)).to.include('nothing is written');
  });

  it('does not give up an image that has been pulled meanwhile', async () => {
    const waiting = { name: 'suite', state: { waiting: { reason: 'ErrImagePull' } } };
    const status = { phase: 'Pending', containerStatuses: [waiting] } as Pod['status'];
    const pulls = podOf(jobOfRun, status);
    pulls.metadata.creationTimestamp = '2020-01-01T00:00:00Z';
    const runs = podOf(jobOfRun, { phase: 'Running' });
    const reconciler = reconcilerWith({
      reports: { get: () => begun, forget: () => undefined },
      jobs: { get: () => jobOfRun },
      pods: { list: () => [pulls], forget: () => undefined },
      client: clientWith({
        get: async () => begun as never,
        list: async () => ({ items: [runs], metadata: {} }) as never,
      }),
    });
    await reconciler.reconcile(AT, new AbortController().signal);
  });
});
