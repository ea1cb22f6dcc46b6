import type { Fault } from '@backendai-e2e/api/fault';
import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { component, testEnvironment, testReport } from '@backendai-e2e/api/object-fixtures';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import type { Event, Pod } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { type AttemptEvidence, firstCauseOf } from './first-cause.ts';

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
const failedTest = {
  ...{ id: 'b', file: 'a', title: 'starts a session', state: 'failed' as const, seconds: 5 },
  ...{ startedAt: at(20), error: 'expected 1 to equal 2' },
};
const ended: TestReportStatus = {
  ...{ final: true, verdict: 'Failed', startedAt: at(5), finishedAt: at(50) },
  tests: [{ ...failedTest, id: 'a', state: 'passed', startedAt: at(6), error: 'none' }, failedTest],
};

/** A pod of the agent, restarted at that second. */
function restarted(second: number): Pod {
  const last = { reason: 'OOMKilled', exitCode: 137, finishedAt: at(second) };
  const main = { name: 'main', image: 'i', imageID: '', ready: true, restartCount: 1 };
  return {
    metadata: {
      ...{ name: 'agent-0', namespace: 'bai', labels: { 'app.kubernetes.io/component': 'agent' } },
      creationTimestamp: at(0),
    },
    spec: { containers: [{ name: 'main' }] },
    status: { phase: 'Running', containerStatuses: [{ ...main, lastState: { terminated: last } }] },
  };
}

function fault(environment: string, attempt: string): Fault {
  return {
    ...{ apiVersion: API_VERSION, kind: 'Fault' },
    metadata: { name: 'f', labels: { [LABELS.report]: attempt }, creationTimestamp: at(15) },
    spec: { environmentRef: { name: environment }, target: { component: 'manager' }, pause: {} },
    status: { action: 'pause', injectedAt: at(16), seenHealedAt: at(30) },
  };
}

const probe = (second: number, pod: string): Event => ({
  metadata: { name: `${pod}-${second}`, namespace: 'bai' },
  involvedObject: { kind: 'Pod', name: pod },
  ...{ type: 'Warning', reason: 'Unhealthy', message: 'Liveness probe failed', lastTimestamp: at(second) },
});

function cause({ status = ended, ...more }: Partial<AttemptEvidence> & { status?: TestReportStatus } = {}) {
  return firstCauseOf({
    report: testReport('sessions', { status }),
    environment: testEnvironment('e2e', {
      status: { components: ['manager', 'agent', 'webserver'].map((name) => component(name, 2)) },
    }),
    ...{ faults: [], pods: [], events: [], logs: [] },
    ...more,
  });
}

describe('the first cause that the operator notes', () => {
  it('is the component that restarted while the first failed test ran', () => {
    expect(cause({ pods: [restarted(22)] })).to.equal(
      'agent: 00:00:22 container main restarted (OOMKilled, exit code 137), 1 in all',
    );
    expect(cause({ pods: [restarted(8)] })).to.equal(undefined);
  });

  it('is a fault of another suite in the same environment', () => {
    expect(cause({ faults: [fault('e2e', 'other')] })).to.equal(
      'manager: 00:00:16 the fault f (pause) was in force, asked for by other',
    );
    expect(cause({ faults: [fault('e2e-2', 'other')] })).to.equal(undefined);
  });

  it('is the machine if probes of three components failed at once', () => {
    const events = [probe(21, 'manager-0'), probe(22, 'agent-0'), probe(23, 'webserver-0')];
    expect(cause({ events })).to.match(/^the machine: 00:00:21 probes of 3 components failed at once: /);
  });

  it('is a component that wrote a warning, without the claim that the line is new', () => {
    const log = { ...{ source: 'agent', component: 'agent', namespace: 'bai' }, text: `${at(22)} ERROR no` };
    expect(cause({ logs: [log] })).to.equal('agent: 00:00:22 wrote a warning: ERROR no');
  });

  it('counts the whole attempt if no test says when it failed', () => {
    const status: TestReportStatus = { ...ended, verdict: 'Interrupted', reason: 'OOMKilled', tests: [] };
    expect(cause({ status, pods: [restarted(8)] })).to.match(/^agent: 00:00:08 /);
  });

  it('is not looked for where a suite passed, or where its run was cancelled', () => {
    const passed: TestReportStatus = { ...ended, verdict: 'Passed', tests: [] };
    expect(cause({ status: passed, pods: [restarted(22)] })).to.equal(undefined);
    const cancelled: TestReportStatus = { ...ended, verdict: 'Interrupted', reason: 'Cancelled', tests: [] };
    expect(cause({ status: cancelled, pods: [restarted(22)] })).to.equal(undefined);
  });
});
