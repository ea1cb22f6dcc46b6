import { condition, FIXTURE_TIME, testReport, testRun } from '@backendai-e2e/api/object-fixtures';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { environmentsOf, isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { JOBS, type Job, type Pod } from '@backendai-e2e/kube/builtin-resources';
import { controllerOf, withoutManagedFields } from '@backendai-e2e/kube/object';
import { expect } from 'chai';
import { attemptJob } from '../attempts/attempt-job.ts';
import { transformJob, transformPod } from '../attempts/cache-transform.ts';
import { suiteHistory } from '../catalog/history.ts';
import { isSettled, transformReport } from '../reports/cache-transform.ts';
import { attemptProgress } from '../reports/close.ts';
import { foldSuite } from '../reports/fold.ts';
import { isLineOf } from '../reports/suite-lines.ts';
import { transformRun } from './cache-transform.ts';

const managedFields = [{ manager: 'x', operation: 'Apply' }];

function run(ended: boolean): TestRun {
  const metadata = { uid: 'u', resourceVersion: '7', managedFields };
  const succeeded = condition('Succeeded', ended ? 'False' : 'Unknown', 'SuitesFailed', 'long'.repeat(100));
  return testRun('one', {
    metadata,
    status: {
      ...(ended ? { finishedAt: FIXTURE_TIME } : {}),
      conditions: [{ ...succeeded, observedGeneration: 1 }],
      suites: [
        {
          name: 'alpha',
          state: ended ? 'Finished' : 'Running',
          attempt: 1,
          ...(ended ? { verdict: 'Failed' as const, seconds: 3 } : {}),
          report: 'one-alpha-1',
          message: 'long'.repeat(100),
          counts: { total: 1, passed: 0, failed: 1, pending: 0, interrupted: 0 },
        },
      ],
    },
  });
}

function report(tests: NonNullable<NonNullable<TestReport['status']>['tests']>): TestReport {
  const measurements = [{ name: 'm', value: 1, unit: 's' }];
  return testReport('alpha', { status: { final: true, verdict: 'Failed', tests, measurements } });
}

describe('what the cache keeps', () => {
  it('of a run that goes on is all of it', () => {
    expect(run(false).metadata).to.have.property('managedFields');
    expect(transformRun(run(false))).to.deep.equal(withoutManagedFields(run(false)));
  });

  it('of a run that ended is enough to know that it did, and for the records of its suites', () => {
    const kept = transformRun(run(true));
    expect(isFinished(kept)).to.equal(true);
    expect(kept.metadata).to.include({ name: 'one', namespace: 'ns', uid: 'u', resourceVersion: '7' });
    expect(suiteHistory('alpha', undefined, [kept])).to.deep.equal(
      suiteHistory('alpha', undefined, [run(true)]),
    );
    expect(JSON.stringify(kept).length).to.be.lessThan(JSON.stringify(run(true)).length / 2);
  });

  it('of a run over several environments is enough to know which they were, and for each record of a suite', () => {
    const whole = run(true);
    whole.spec.moreEnvironmentRefs = [{ name: 'e2e-2' }];
    const line = { state: 'Finished' as const, attempt: 1, verdict: 'Passed' as const };
    whole.status = {
      ...whole.status,
      suites: [
        { ...line, name: 'alpha', environment: 'e2e' },
        { ...line, name: 'alpha-e2e-2', suite: 'alpha', environment: 'e2e-2' },
      ],
    };
    const kept = transformRun(whole);
    expect(environmentsOf(kept)).to.deep.equal(['e2e', 'e2e-2']);
    const history = suiteHistory('alpha', undefined, [kept]);
    expect(history.lastVerdicts).to.have.length(2);
    expect(history).to.deep.equal(suiteHistory('alpha', undefined, [whole]));
    expect(transformRun(run(true)).spec).not.to.have.property('moreEnvironmentRefs');
  });

  it('of a report that is final is enough to know the line that it is of', () => {
    const whole = report([]);
    whole.spec = { ...whole.spec, environment: 'e2e-2' };
    const line = { name: 'alpha', environment: 'e2e', state: 'Running' as const, attempt: 1 };
    expect(isLineOf(line, transformReport(whole))).to.equal(false);
    expect(isLineOf({ ...line, environment: 'e2e-2' }, transformReport(whole))).to.equal(true);
    expect(transformReport(report([])).spec).not.to.have.property('environment');
  });

  it('of a report says the same of its suite as the whole one', () => {
    const passed = Array.from({ length: 500 }, (_, id) => ({
      id: `${id}`,
      file: 'a/b',
      title: `test ${id}`,
      state: 'passed' as const,
      seconds: 1,
    }));
    const bad = { id: 'x', file: 'a/b', title: 'adds', state: 'failed' as const, seconds: 1 };
    const whole = report([...passed, { ...bad, error: 'expected 3 to equal 4\n  at a\n  at b' }, bad]);
    expect(foldSuite('alpha', [transformReport(whole)], 0)).to.deep.equal(foldSuite('alpha', [whole], 0));
    expect(foldSuite('alpha', [transformReport(whole)], 0).line.message).to.equal(
      'adds: expected 3 to equal 4',
    );
    expect(JSON.stringify(transformReport(whole)).length).to.be.lessThan(500);
    const { tests: _none, ...status } = transformReport(report(passed)).status ?? {};
    expect(transformReport(report(passed)).status).to.deep.equal(status);
  });

  it('of a report that grows has no tests, hooks, measurements or waits: they may be 300 KiB', () => {
    const startedAt = '2026-01-01T00:00:00Z';
    const test = { file: 'a/b', title: 'adds', seconds: 9 };
    const status = {
      tests: [{ ...test, id: 'x', state: 'passed' as const }],
      hooks: [{ ...test, startedAt }],
      measurements: [{ name: 'm', value: 1, unit: 's' }],
      waits: [{ ...test, what: 'an answer', times: 1 }],
    };
    const kept = transformReport(testReport('alpha', { status: { startedAt, current: 'adds', ...status } }));
    expect(kept.status).to.deep.equal({ startedAt, current: 'adds' });
  });

  it('drops a settled report, and keeps one whose Job may still need to end', () => {
    const archived = { type: 'Archived', reason: 'Archived', message: '', lastTransitionTime: '' };
    const settled = (status: TestReport['status']) => isSettled({ ...report([]), status: status ?? {} });
    for (const status of ['True', 'False'] as const) {
      const conditions = [{ ...archived, status }];
      expect(settled({ final: true, verdict: 'Failed', conditions })).to.equal(true);
      expect(settled({ final: true, verdict: 'Interrupted', conditions })).to.equal(false);
      expect(settled({ conditions })).to.equal(false);
    }
    expect(settled({ final: true, verdict: 'Passed' })).to.equal(false);
  });

  it('of a Job and its pod is how they stand', () => {
    const intent = attemptJob({
      name: 'one-alpha-1',
      namespace: 'ns',
      labels: { 'e2e.backend.ai/run': 'one' },
      owner: { apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'TestRun', name: 'one', uid: 'u' },
      run: 'one',
      environment: 'e2e',
      suite: 'alpha',
      attempt: 1,
      since: '2026-01-01T00:00:00Z',
      spec: { files: ['a/b'], image: 'suites:1', timeoutSeconds: 60 },
      grep: undefined,
      rounds: undefined,
      queueName: undefined,
      connectionSecret: undefined,
    });
    const status = { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] };
    const job = { ...intent, status } as Job;
    const traces = { pods: [], now: new Date() };
    expect(attemptProgress({ job: transformJob(job), ...traces })).to.deep.equal(
      attemptProgress({ job, ...traces }),
    );
    expect(transformJob(job).metadata.labels).to.deep.equal(job.metadata.labels);
    expect(JSON.stringify(transformJob(job)).length).to.be.lessThan(JSON.stringify(job).length / 3);
    const pod = { metadata: { name: 'p' }, spec: { containers: [] }, status: { phase: 'Running' } };
    expect(transformPod(pod)).to.deep.equal({ metadata: { name: 'p' }, status: { phase: 'Running' } });
  });

  it('of a pod that has ended says the same of its attempt as the whole one', () => {
    const job: Job = { metadata: { name: 'one-alpha-1' } };
    const state = {
      terminated: {
        exitCode: 137,
        reason: 'OOMKilled',
        message: 'end of the log',
        containerID: 'containerd://x',
      },
    };
    const container = {
      name: 'suite',
      image: 'suites:1',
      imageID: 'sha256:1',
      ready: false,
      restartCount: 0,
    };
    const evicted = { type: 'DisruptionTarget', status: 'True', reason: 'Evicted', message: 'drained' };
    const other = { type: 'Ready', status: 'False', lastProbeTime: null };
    for (const status of [
      {
        phase: 'Failed',
        containerStatuses: [{ ...container, state }],
        podIP: '10.0.0.1',
        hostIP: '10.0.0.2',
      },
      {
        phase: 'Failed',
        reason: 'Evicted',
        message: 'The node was low on memory',
        conditions: [evicted, other],
      },
      {
        phase: 'Succeeded',
        initContainerStatuses: [{ ...container, state: { terminated: { exitCode: 0 } } }],
      },
    ]) {
      const metadata = {
        name: 'one-alpha-1-x',
        uid: 'u',
        labels: { 'batch.kubernetes.io/job-name': 'one-alpha-1', 'e2e.backend.ai/run': 'one' },
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'Job', name: 'one-alpha-1', uid: 'j', controller: true },
        ],
      };
      const pod = { metadata, spec: { containers: [] }, status } as unknown as Pod;
      const kept = transformPod(pod);
      const now = new Date();
      expect(attemptProgress({ job, pods: [kept], now })).to.deep.equal(
        attemptProgress({ job, pods: [pod], now }),
      );
      expect(controllerOf(kept, JOBS)).to.deep.equal(controllerOf(pod, JOBS));
      expect(kept.metadata.labels).to.deep.equal({ 'batch.kubernetes.io/job-name': 'one-alpha-1' });
      expect(JSON.stringify(kept)).not.to.match(/10\.0\.0|sha256|containerd/);
    }
  });
});
