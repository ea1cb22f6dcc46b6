import { testReport } from '@backendai-e2e/api/object-fixtures';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { Job, Pod } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { attemptProgress, closedByOperator, closing, goesOnAfterSuite, outlivesItsReport } from './close.ts';

const CREATED = new Date('2026-01-01T00:00:00Z');
const at = (seconds: number) => new Date(CREATED.getTime() + seconds * 1000);

function job(conditions: [string, string, string][] = []): Job {
  return {
    metadata: { name: 'a' },
    spec: { activeDeadlineSeconds: 130, template: {} },
    status: {
      conditions: conditions.map(([type, reason, message]) => ({ type, status: 'True', reason, message })),
    },
  };
}

function pod(phase: string, state: object, rest: { metadata?: object; status?: object } = {}): Pod {
  const container = { name: 'suite', image: 'i', imageID: '', ready: false, restartCount: 0, state };
  return {
    metadata: { name: 'a-x', creationTimestamp: CREATED.toISOString(), ...rest.metadata },
    status: { phase, containerStatuses: [container], ...rest.status },
  };
}

const terminated = (exitCode: number, reason = 'Error', message?: string) => ({
  terminated: { exitCode, reason, ...(message ? { message } : {}) },
});
const waiting = (reason: string) => ({ waiting: { reason, message: 'no such image' } });

function progress(seen: Job | undefined, pods: Pod[] = [], now = at(5)) {
  return attemptProgress({ job: seen, pods, now });
}

describe('a container that the node could not start', () => {
  const unable = (after: number) =>
    pod('Failed', terminated(128, 'StartError', 'unable to freeze'), {
      metadata: { name: `a-${after}`, creationTimestamp: at(after).toISOString() },
    });

  it('is not the end of the attempt: the Job makes another pod', () => {
    const seen = progress(job(), [unable(0)], at(20));
    expect(seen.ended).to.equal(undefined);
    expect(seen).to.have.nested.property('hint.message').that.includes('unable to freeze');
    expect(seen).to.include({ lookAgainMs: 70_000 });
    expect(
      progress(
        job(),
        [
          unable(0),
          pod('Running', { running: {} }, { metadata: { creationTimestamp: at(10).toISOString() } }),
        ],
        at(20),
      ),
    ).to.deep.equal({
      ended: undefined,
    });
  });

  it('ends it when no pod could be started for a minute and a half', () => {
    const { ended } = progress(job(), [unable(0), unable(60)], at(91));
    expect(ended).to.include({ reason: 'StartError' });
    expect(ended?.message).to.match(/could not start.*a-60.*unable to freeze/);
  });

  it('ends it when the Job has given up', () => {
    const { ended } = progress(job([['Failed', 'BackoffLimitExceeded', 'no']]), [unable(0)], at(2));
    expect(ended).to.include({ reason: 'StartError' });
  });

  it('deletes its Job when it is given up', () => {
    const report = { status: { final: true, verdict: 'Interrupted' } } as TestReport;
    expect(outlivesItsReport(report, { job: job(), pods: [unable(0)] })).to.equal(true);
  });
});

describe('attemptProgress', () => {
  const endings: [string, Job | undefined, Pod[], string, RegExp][] = [
    ['no Job any more', undefined, [], 'JobVanished', /was deleted/],
    ['out of memory', job(), [pod('Failed', terminated(137, 'OOMKilled'))], 'OOMKilled', /137.*limits/],
    [
      'a crash',
      job(),
      [pod('Failed', terminated(134, 'Error', 'heap out of…'))],
      'RunnerEnded',
      /134; it said: heap/,
    ],
    ['could not run', job(), [pod('Failed', terminated(2))], 'CouldNotRun', /could not run/],
    [
      'ended without a word',
      job(),
      [pod('Succeeded', terminated(0, 'Completed'))],
      'NoFinalReport',
      /never reported/,
    ],
    [
      'evicted by the kubelet',
      job(),
      [pod('Failed', {}, { status: { reason: 'Evicted', message: 'disk' } })],
      'Evicted',
      /disk/,
    ],
    [
      'deadline, pod gone',
      job([['Failed', 'DeadlineExceeded', 'Job was active longer']]),
      [],
      'DeadlineExceeded',
      /longer than its 130 s$/,
    ],
    [
      'deadline, pod just ended',
      job([['FailureTarget', 'DeadlineExceeded', '']]),
      [pod('Failed', terminated(143), { metadata: { deletionTimestamp: at(1).toISOString() } })],
      'DeadlineExceeded',
      /last seen: pod a-x is Failed/,
    ],
    ['pod deleted and gone', job([['Failed', 'BackoffLimitExceeded', 'limit']]), [], 'PodVanished', /limit/],
    [
      'pod deleted by hand',
      job(),
      [pod('Failed', terminated(143), { metadata: { deletionTimestamp: at(1).toISOString() } })],
      'PodVanished',
      /the pod was deleted/,
    ],
    ['Job complete, pod gone', job([['Complete', '', '']]), [], 'NoFinalReport', /without reporting/],
  ];
  for (const [title, seen, pods, reason, message] of endings) {
    it(`${title}: ${reason}`, () => {
      const { ended } = progress(seen, pods);
      expect(ended?.reason).to.equal(reason);
      expect(ended?.message).to.match(message);
    });
  }

  it('waits for a pod that ends on a deadline, because it may still report', () => {
    const running = pod('Running', { running: {} }, { metadata: { deletionTimestamp: at(1).toISOString() } });
    expect(progress(job([['FailureTarget', 'DeadlineExceeded', '']]), [running]).ended).to.equal(undefined);
  });

  it('says whose admission a suspended Job waits for', () => {
    const suspended = job();
    suspended.spec = { ...suspended.spec, suspend: true, template: {} };
    suspended.metadata.labels = { 'kueue.x-k8s.io/queue-name': 'ci' };
    const seen = progress(suspended);
    expect(seen).to.have.nested.property('hint.reason', 'JobSuspended');
    expect(seen).to.have.nested.property('hint.message').that.includes('queue ci');
  });

  it('lets a pod work', () => {
    expect(progress(job(), [pod('Running', { running: {} })])).to.deep.equal({ ended: undefined });
  });

  it('gives an image that cannot be pulled 90 s, and says meanwhile what holds it', () => {
    const stuck = pod('Pending', waiting('ImagePullBackOff'));
    expect(progress(job(), [stuck], at(30))).to.deep.include({ ended: undefined, lookAgainMs: 60_000 });
    expect(progress(job(), [stuck], at(30))).to.have.nested.property('hint.reason', 'ImagePullBackOff');
    expect(progress(job(), [stuck], at(90)).ended?.message).to.include('no such image');
  });

  it('gives up sooner where patience cannot help', () => {
    expect(progress(job(), [pod('Pending', waiting('InvalidImageName'))], at(10)).ended?.reason).to.equal(
      'InvalidImageName',
    );
  });

  it('waits for a node, and says why there is none', () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' },
    ];
    const homeless = pod('Pending', {}, { status: { conditions, containerStatuses: [] } });
    expect(progress(job(), [homeless], at(600))).to.deep.equal({
      ended: undefined,
      hint: { reason: 'Unschedulable', message: '0/1 nodes' },
    });
  });

  it('gives up a pod that does not go: its node is lost', () => {
    const going = pod('Running', { running: {} }, { metadata: { deletionTimestamp: at(30).toISOString() } });
    expect(progress(job(), [going], at(89)).ended).to.equal(undefined);
    expect(progress(job(), [going], at(90)).ended?.reason).to.equal('NodeLost');
  });

  it('looks at the newest pod', () => {
    const old = pod('Failed', terminated(1));
    const young = pod('Running', { running: {} }, { metadata: { creationTimestamp: at(3).toISOString() } });
    expect(progress(job(), [old, young]).ended).to.equal(undefined);
  });
});

describe('a suite that ends beside a sidecar', () => {
  const sidecar = { name: 'istio-proxy', image: 'i', imageID: '', ready: true, restartCount: 0 };
  const beside = (state: object): Pod => {
    const seen = pod('Running', state);
    const others = [{ ...sidecar, state: { running: {} } }];
    return { ...seen, status: { ...seen.status, containerStatuses: [...others, ...containersOf(seen)] } };
  };
  const containersOf = (seen: Pod) => seen.status?.containerStatuses ?? [];
  const passed = { status: { final: true, verdict: 'Passed' } } as TestReport;

  it('is the end of the attempt, at once and with its reason', () => {
    expect(progress(job(), [beside(terminated(137, 'OOMKilled'))]).ended).to.include({ reason: 'OOMKilled' });
    expect(progress(job(), [beside(terminated(0, 'Completed'))]).ended?.reason).to.equal('NoFinalReport');
    expect(progress(job(), [beside({ running: {} })]).ended).to.equal(undefined);
  });

  it('leaves a Job that must be deleted, whatever the verdict', () => {
    expect(goesOnAfterSuite(passed, { job: job(), pods: [beside(terminated(0))] })).to.equal(true);
    expect(goesOnAfterSuite(passed, { job: job(), pods: [beside({ running: {} })] })).to.equal(false);
    expect(goesOnAfterSuite(passed, { job: job(), pods: [pod('Succeeded', terminated(0))] })).to.equal(false);
  });

  it('does not take the code of an init container that succeeded for its own', () => {
    const init = { ...sidecar, name: 'bring-suites', state: terminated(0, 'Completed') };
    const seen = pod('Failed', terminated(137, 'OOMKilled'), { status: { initContainerStatuses: [init] } });
    expect(progress(job(), [seen]).ended?.reason).to.equal('OOMKilled');
  });
});

describe('a suite that ends with the exit code of a container that did not start', () => {
  const git = pod('Failed', terminated(128));
  const interrupted = { status: { final: true, verdict: 'Interrupted' } } as TestReport;

  it('is the end of the attempt, and leaves a Job that must be deleted before it makes another pod', () => {
    expect(progress(job(), [git]).ended?.reason).to.equal('RunnerEnded');
    expect(goesOnAfterSuite(interrupted, { job: job(), pods: [git] })).to.equal(true);
    expect(goesOnAfterSuite(interrupted, { job: job([['Failed', 'x', 'x']]), pods: [git] })).to.equal(false);
    expect(goesOnAfterSuite(interrupted, { job: job(), pods: [pod('Failed', terminated(1))] })).to.equal(
      false,
    );
  });
});

describe('closing', () => {
  it('cuts a message to what a report takes', () => {
    const status = closing({ reason: 'RunnerEnded', message: 'x'.repeat(10_000) }, CREATED);
    expect(status.message.length).to.be.at.most(4096);
    expect(status).to.deep.include({
      final: true,
      verdict: 'Interrupted',
      finishedAt: CREATED.toISOString(),
    });
  });
});

describe('a Job whose report is final', () => {
  const report = (status: TestReport['status'], manager = 'backendai-e2e-operator') => {
    const fieldsV1 = { 'f:status': { 'f:final': {} } };
    const managedFields = [{ manager, operation: 'Apply', subresource: 'status', fieldsV1 }];
    const made = testReport('s', { status });
    return { ...made, metadata: { ...made.metadata, managedFields } };
  };
  const interrupted = report({ final: true, verdict: 'Interrupted' });

  it('outlives it when the attempt was broken off and nothing of it has ended', () => {
    const running = pod('Running', { running: {} });
    expect(outlivesItsReport(interrupted, { job: job(), pods: [running] })).to.equal(true);
    expect(outlivesItsReport(interrupted, { job: job(), pods: [] })).to.equal(true);
  });

  it('outlives it in a second pod, which replaces one that was evicted', () => {
    const pods = [pod('Failed', terminated(143)), pod('Pending', {})];
    expect(outlivesItsReport(interrupted, { job: job(), pods })).to.equal(true);
  });

  it('does not when it ended, is about to end, or its pod ended and has the log', () => {
    const passed = report({ final: true, verdict: 'Passed' });
    const ended = pod('Failed', terminated(1));
    expect(outlivesItsReport(passed, { job: job(), pods: [] })).to.equal(false);
    expect(outlivesItsReport(interrupted, { job: undefined, pods: [] })).to.equal(false);
    expect(outlivesItsReport(interrupted, { job: job([['Failed', 'x', 'x']]), pods: [] })).to.equal(false);
    expect(outlivesItsReport(interrupted, { job: job([['FailureTarget', 'x', 'x']]), pods: [] })).to.equal(
      false,
    );
    expect(outlivesItsReport(interrupted, { job: job(), pods: [ended] })).to.equal(false);
  });

  it('depends on who made the report final', () => {
    expect(closedByOperator(interrupted)).to.equal(true);
    expect(closedByOperator(report(interrupted.status, 'backendai-e2e-runner'))).to.equal(false);
    expect(closedByOperator({ ...interrupted, metadata: { name: 'a' } })).to.equal(false);
  });
});
