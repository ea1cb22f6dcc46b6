import type { FaultReceipt } from '@backendai-e2e/api/fault';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { stepDelete } from './delete-step.ts';
import { receiptLines } from './receipt-lines.ts';
import { stepScale } from './scale-step.ts';
import type { Timing } from './timing.ts';

const START = new Date('2030-01-01T00:00:00Z');
const timing = (seconds: number, wantsHealing = false): Timing => ({
  now: new Date(START.getTime() + seconds * 1000),
  acceptedAt: START,
  wantsHealing,
  seconds: 60,
});
const target = (pod: string): FaultReceipt => ({ pod, uid: `uid-${pod}` });
const pod = (name: string, ready: boolean, deletedAt?: string): Pod => ({
  metadata: {
    name,
    uid: `uid-${name}`,
    labels: { 'app.kubernetes.io/component': 'web' },
    ...(deletedAt ? { deletionTimestamp: deletedAt, deletionGracePeriodSeconds: 30 } : {}),
  },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const workload = (replicas: number, readyReplicas = replicas) => [
  { workload: 'Deployment/web', replicas, readyReplicas },
];

describe('a deletion', () => {
  it('deletes once, sees the pod gone, and heals when enough others are ready', () => {
    const both = { pods: [pod('a', true), pod('b', true)], workloads: workload(2) };
    const first = stepDelete('web', [target('a')], both, timing(1));
    expect(first.remove).to.deep.equal([{ name: 'a', uid: 'uid-a' }]);
    const second = stepDelete('web', first.receipts, both, timing(2));
    expect(second.remove, 'again').to.deep.equal([]);
    expect(second.receipts[0]?.seenInForceAt).to.equal(undefined);
    const one = { pods: [pod('b', true), pod('c', false)], workloads: workload(2) };
    const third = stepDelete('web', second.receipts, one, timing(3));
    expect(third.receipts[0]?.seenInForceAt).to.equal(timing(3).now.toISOString());
    expect(third.receipts[0]?.seenHealedAt).to.equal(undefined);
    const again = { pods: [pod('b', true), pod('c', true)], workloads: workload(2) };
    const last = stepDelete('web', third.receipts, again, timing(4)).receipts[0];
    expect(last).to.deep.include({ seenHealedAt: timing(4).now.toISOString() });
    expect(last?.healedEvidence).to.match(/2 of 2/);
  });

  it('that a stopped operator began keeps its start', () => {
    const going = { pods: [pod('a', true, '2030-01-01T00:00:31Z')], workloads: workload(1) };
    const step = stepDelete('web', [target('a')], going, timing(5));
    expect(step.remove).to.deep.equal([]);
    expect(step.receipts[0]?.injectedAt).to.equal('2030-01-01T00:00:01.000Z');
  });

  it('does not happen when it is too late or no longer wanted', () => {
    const there = { pods: [pod('a', true)], workloads: workload(1) };
    for (const when of [timing(121), timing(1, true)]) {
      const step = stepDelete('web', [target('a')], there, when);
      expect(step.remove).to.deep.equal([]);
      expect(step.receipts[0]?.healedEvidence).to.match(/nothing was done/);
    }
  });
});

describe('scaling to zero', () => {
  const was = [{ workload: 'Deployment/web', replicas: 3 }];
  const pods = new Set(['uid-a']);

  it('scales down, sees the pods gone, scales back in time and sees them ready', () => {
    const first = stepScale([target('a')], was, { pods, others: [], workloads: workload(3) }, timing(1));
    expect(first.scale).to.deep.equal([{ workload: 'Deployment/web', replicas: 0 }]);
    const gone = { pods: new Set<string>(), others: [], workloads: workload(0) };
    const second = stepScale(first.receipts, was, gone, timing(5));
    expect(second.scale).to.deep.equal([]);
    expect(second.receipts[0]?.seenInForceAt).to.equal(timing(5).now.toISOString());
    expect(second.lookAgainMs).to.equal(56_000);
    const third = stepScale(second.receipts, was, gone, timing(61));
    expect(third.scale).to.deep.equal(was);
    expect(third.receipts[0]?.seenHealedAt).to.equal(undefined);
    const coming = stepScale(
      third.receipts,
      was,
      { pods, others: [], workloads: workload(3, 2) },
      timing(62),
    );
    expect(coming.receipts[0]?.seenHealedAt).to.equal(undefined);
    const back = stepScale(coming.receipts, was, { pods, others: [], workloads: workload(3) }, timing(63));
    expect(back.receipts[0]?.seenHealedAt).to.equal(timing(63).now.toISOString());
  });

  it('is not in force while the component has another live pod, and names it', () => {
    const before = { ...target('a'), injectedAt: START.toISOString() };
    const down = { pods: new Set(['uid-b']), others: ['b'], workloads: workload(0) };
    const [receipt = target('a')] = stepScale([before], was, down, timing(5)).receipts;
    expect(receipt).not.to.have.property('seenInForceAt');
    expect(receipt.trouble).to.equal('the component still has b');
    const alone = { ...down, pods: new Set<string>(), others: [] };
    const [gone] = stepScale([receipt], was, alone, timing(6)).receipts;
    expect(gone)
      .to.include({ seenInForceAt: timing(6).now.toISOString() })
      .and.not.have.property('trouble');
    expect(stepScale([gone ?? before], was, down, timing(7)).receipts[0]).to.deep.equal(gone);
  });

  it('heals a scale without a receipt after a crash of the operator', () => {
    const down = { pods: new Set<string>(), others: [], workloads: workload(0) };
    const begun = stepScale([target('a')], was, down, timing(200, true));
    expect(begun.receipts[0]?.injectedAt).not.to.equal(undefined);
    expect(stepScale(begun.receipts, was, down, timing(201, true)).scale).to.deep.equal(was);
  });

  it('does not scale a workload that was scaled up meanwhile', () => {
    const before = [{ ...target('a'), injectedAt: START.toISOString() }];
    expect(
      stepScale(before, was, { pods, others: [], workloads: workload(1) }, timing(99)).scale,
    ).to.deep.equal([]);
  });
});

describe('the output of a tool', () => {
  it('is read line by line, without warnings, partial lines and unknown events', () => {
    const good = '{"at":"2030-01-01T00:00:00.000Z","event":"inForce","evidence":"seen"}';
    const log = `warning: x\n${good}\n{"at":"x","event":"inForce","evidence":"e"}\n{"at":"2030-01-01T00:00:00Z","event":"joke","evidence":""}\n{"at":"2030`;
    expect(receiptLines(log)).to.deep.equal([JSON.parse(good)]);
  });
});
