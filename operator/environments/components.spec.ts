import type { Event, Pod } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import {
  componentStatuses,
  deadContainers,
  deployedBuild,
  inOneLine,
  logKey,
  unready,
  unreadyInWords,
  type Workload,
} from './components.ts';

function workload(changes: Partial<Workload> = {}, desired = '2'): Workload {
  return {
    kind: 'Deployment',
    metadata: {
      name: 'manager',
      labels: { 'app.kubernetes.io/component': 'manager', 'app.kubernetes.io/version': '26.9.6' },
      annotations: { 'e2e.backend.ai/desired-replicas': desired },
    },
    spec: { replicas: 2, selector: { matchLabels: { app: 'manager' } } },
    status: { readyReplicas: 0 },
    ...changes,
  };
}

function pod(container: object, status: object = {}, name = 'manager-x'): Pod {
  const base = { name: 'main', image: 'i', imageID: 'sha256:abc', ready: false, restartCount: 0 };
  return {
    metadata: { name, labels: { app: 'manager' } },
    status: { phase: 'Running', containerStatuses: [{ ...base, ...container }], ...status },
  };
}

const event = (name: string, reason: string, message: string, lastTimestamp: string): Event => ({
  metadata: { name: `${name}.${reason}` },
  type: 'Warning',
  reason,
  message,
  lastTimestamp,
  involvedObject: { name },
});

const messageOf = (seen: Workload, pods: Pod[] = [], events: Event[] = []) =>
  componentStatuses([seen], pods, { events })[0]?.message;

describe('componentStatuses', () => {
  it('is ready when as many pods are ready as the chart asks for', () => {
    const [status] = componentStatuses([workload({ status: { readyReplicas: 2 } })], [pod({})]);
    expect(status).to.deep.equal({
      name: 'manager',
      workload: 'Deployment/manager',
      ready: 2,
      desired: 2,
      restarts: 0,
      version: '26.9.6',
      imageDigest: 'sha256:abc',
    });
  });

  it('has the version that its pod read from the installed packages, not that of the label', () => {
    const message = JSON.stringify({
      manager: { version: '26.9.0', commit: 'a'.repeat(40), modified: true },
    });
    const said = {
      name: 'release-record',
      ready: true,
      restartCount: 0,
      state: { terminated: { exitCode: 0, message } },
    };
    const [status] = componentStatuses([workload()], [pod({}, { initContainerStatuses: [said] })]);
    expect(status).to.include({ version: '26.9.0', commit: 'a'.repeat(40), modified: true });
  });

  it('counts only pods of the current template while an upgrade replaces them', () => {
    const during = (status: Workload['status']) =>
      componentStatuses([workload({ ...(status ? { status } : {}) })], [])[0];
    const halfway = during({ replicas: 2, updatedReplicas: 1, readyReplicas: 2 });
    expect(halfway).to.include({ ready: 1, message: '1 of an earlier version; no pod yet' });
    expect(during({ replicas: 2, readyReplicas: 2 })?.ready).to.equal(0);
    // A pod more for the time of an upgrade: the ready one is the earlier one.
    expect(during({ replicas: 3, updatedReplicas: 1, readyReplicas: 2 })?.ready).to.equal(0);
    expect(during({ replicas: 2, updatedReplicas: 2, readyReplicas: 2 })?.ready).to.equal(2);
  });

  it('is not ready before its controller has looked at a change', () => {
    const { metadata } = workload();
    const status = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2 };
    const [seen] = componentStatuses([workload({ metadata: { ...metadata, generation: 4 }, status })], []);
    expect(seen).to.include({ ready: 0, message: 'changed, and not looked at yet' });
    const [later] = componentStatuses([workload({ metadata: { ...metadata, generation: 3 }, status })], []);
    expect(later?.ready).to.equal(2);
  });

  it("compares with the chart's replicas, not with a manual scale", () => {
    const scaled = workload({ spec: { replicas: 0 }, status: {} });
    const statuses = componentStatuses([scaled], []);
    expect(unready(statuses)).to.have.length(1);
    expect(unreadyInWords(statuses)).to.equal('manager: 0 of 2 ready (scaled to 0 by hand: 0 of 2 wanted)');
  });

  it('skips workloads that the chart did not annotate', () => {
    expect(componentStatuses([workload({ metadata: { name: 'other' } })], [])).to.deep.equal([]);
  });

  it('explains why a container waits', () => {
    const waiting = { state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } };
    expect(messageOf(workload(), [pod(waiting)])).to.equal(
      'pod manager-x: container main waits: ImagePullBackOff: no such image',
    );
  });

  it('explains how a container crashed before', () => {
    const crashing = {
      restartCount: 3,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error', message: 'no database\n' } },
    };
    const [status] = componentStatuses([workload()], [pod(crashing)]);
    expect(status?.message).to.equal(
      'pod manager-x: container main waits: CrashLoopBackOff, last exit code 1 (Error): no database',
    );
    expect(status?.restarts).to.equal(3);
  });

  it('quotes the last lines of a crashed container', () => {
    const dead = pod({
      restartCount: 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    const [found] = deadContainers(dead);
    expect(found).to.deep.include({ container: 'main', previous: true });
    const logs = new Map(found ? [[logKey(found), 'no such table']] : []);
    expect(componentStatuses([workload()], [dead], { logs })[0]?.message).to.equal(
      'pod manager-x: container main waits: CrashLoopBackOff, last exit code 1 (Error); its log ends: no such table',
    );
    expect(deadContainers(pod({ state: { running: {} } }))).to.deep.equal([]);
  });

  it('lists a deleted workload as missing', () => {
    const [status] = componentStatuses([], [], { missing: [workload()] });
    expect(status).to.deep.include({ workload: 'Deployment/manager', ready: 0, desired: 2 });
    expect(status?.message).to.include('it was deleted after helm installed it');
  });

  it('explains that no node accepts the pod', () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' },
    ];
    const homeless = pod({}, { containerStatuses: [], conditions });
    expect(messageOf(workload(), [homeless])).to.include('Unschedulable: 0/1 nodes');
  });

  it('quotes the last warning about the workload or its pods', () => {
    const events = [
      event('manager-x', 'Unhealthy', 'probe failed: 503', '2026-01-01T00:00:02Z'),
      event('manager-x', 'FailedMount', 'no Secret', '2026-01-01T00:00:01Z'),
      event('other', 'BackOff', 'not ours', '2026-01-01T00:00:09Z'),
    ];
    const running = pod({ state: { running: {} } });
    expect(messageOf(workload(), [running], events)).to.equal(
      'pod manager-x: container main runs, not ready yet; last event: Unhealthy: probe failed: 503',
    );
  });

  it('explains why pods are refused', () => {
    const refused = workload({
      status: {
        conditions: [
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' },
        ],
      },
    });
    expect(messageOf(refused)).to.equal('FailedCreate: exceeded quota');
  });

  it('counts a complete Job as ready, and explains a failure', () => {
    const job = (type: string): Workload => ({
      ...workload({}, '1'),
      kind: 'Job',
      status: { conditions: [{ type, status: 'True', reason: 'BackoffLimitExceeded', message: 'twice' }] },
    });
    expect(componentStatuses([job('Complete')], [])[0]).to.deep.include({ ready: 1, desired: 1 });
    expect(messageOf(job('Failed'))).to.include('BackoffLimitExceeded: twice');
  });

  it('states that nothing has happened yet', () => {
    expect(messageOf(workload())).to.equal('no pod yet');
  });
});

describe('the Backend.AI of a deployment', () => {
  const one = (name: string, build: object) => ({
    ...{ name, workload: `Deployment/${name}`, ready: 1, desired: 1, restarts: 0 },
    ...build,
  });
  const commit = 'a'.repeat(40);
  const clean = { version: '26.9.6', commit, modified: false };

  it('is that of its manager, and unknown before a manager says it', () => {
    expect(deployedBuild([one('agent', clean), one('manager', { version: '26.9.0' })])).to.deep.equal({
      version: '26.9.0',
    });
    expect(deployedBuild([one('manager', {}), one('agent', clean)])).to.equal(undefined);
  });

  it('is modified where only another component of that commit is', () => {
    const agent = one('agent', { ...clean, modified: true });
    expect(deployedBuild([one('manager', clean), agent])).to.deep.equal({ ...clean, modified: true });
    const foreign = one('agent', { ...clean, commit: 'b'.repeat(40), modified: true });
    expect(deployedBuild([one('manager', clean), foreign])).to.deep.equal(clean);
  });
});

describe('inOneLine', () => {
  it('joins lines, and keeps the end of a long text', () => {
    expect(inOneLine('one\n\n  two \n')).to.equal('one | two');
    const long = inOneLine(`${'x'.repeat(600)} end`);
    expect(long).to.match(/^…x+ end$/);
    expect(long).to.have.length(501);
  });
});
