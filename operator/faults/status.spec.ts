import { conditionOf } from '@backendai-e2e/api/conditions';
import type { Fault, FaultReceipt, FaultStatus } from '@backendai-e2e/api/fault';
import { API_VERSION } from '@backendai-e2e/api/group';
import { expect } from 'chai';
import { acceptedStatus, type FaultProgress, isOver, progressStatus, refusedStatus } from './status.ts';

const NOW = new Date('2030-01-01T00:01:00Z');
const t = (seconds: number) => new Date(Date.parse('2030-01-01T00:00:00Z') + seconds * 1000).toISOString();
const fault = (status?: FaultStatus): Fault => ({
  apiVersion: API_VERSION,
  kind: 'Fault',
  metadata: { name: 'f', generation: 2 },
  spec: { environmentRef: { name: 'e' }, target: { component: 'web' }, pause: {} },
  ...(status ? { status } : {}),
});
const receipt = (pod: string, changes: Partial<FaultReceipt> = {}): FaultReceipt => ({
  pod,
  uid: pod,
  ...changes,
});
const progress = (receipts: FaultReceipt[], changes: Partial<FaultProgress> = {}) =>
  progressStatus(fault(acceptedStatus(fault(), { action: 'pause', targets: receipts, workloads: [] }, NOW)), {
    action: 'pause',
    receipts,
    hopeless: false,
    now: NOW,
    ...changes,
  });
const state = (status: FaultStatus) =>
  Object.fromEntries((status.conditions ?? []).map((condition) => [condition.type, condition.status]));

describe('the status of a fault', () => {
  it('is in force once the probe saw it on the last target', () => {
    const a = receipt('a', { injectedAt: t(1), seenInForceAt: t(3) });
    const half = progress([a, receipt('b', { injectedAt: t(2) })]);
    expect(half).to.include({ phase: 'Injecting', injectedAt: t(2) });
    expect(half.seenInForceAt).to.equal(undefined);
    expect(state(half)).to.include({ Injected: 'True', InForce: 'Unknown', SeenHealed: 'Unknown' });
    const whole = progress([a, receipt('b', { injectedAt: t(2), seenInForceAt: t(9) })]);
    expect(whole).to.include({ phase: 'InForce', seenInForceAt: t(9) });
    expect(whole.seenInForceBy).to.match(/thread/);
    expect(state(whole)).to.include({ Accepted: 'True', InForce: 'True', Healed: 'Unknown' });
  });

  it('has the seconds from the injection until a probe saw it, and saw it gone', () => {
    const before = receipt('a', { injectedAt: t(1) });
    expect(progress([before])).not.to.have.any.keys('seenInForceAfterSeconds', 'seenHealedAfterSeconds');
    const seen = { ...before, seenInForceAt: t(3.26) };
    expect(progress([seen])).to.include({ seenInForceAfterSeconds: 2.3 });
    const healed = { ...seen, healedAt: t(20), seenHealedAt: t(21) };
    expect(progress([healed])).to.include({ seenInForceAfterSeconds: 2.3, seenHealedAfterSeconds: 20 });
    const otherClock = { ...before, seenInForceAt: t(0) };
    expect(progress([otherClock])).to.include({ seenInForceAfterSeconds: 0 });
  });

  it('is never in force when one target vanished before it was touched', () => {
    const vanished = receipt('a', { healedAt: t(1), seenHealedAt: t(1) });
    const left = receipt('b', { injectedAt: t(2), seenInForceAt: t(3) });
    const status = progress([vanished, left]);
    expect(status).to.include({ phase: 'Injecting' });
    expect(status).not.to.have.any.keys('injectedAt', 'seenInForceAt', 'seenHealedAt');
    const healed = { healedAt: t(9), seenHealedAt: t(9) };
    const done = progress([vanished, { ...left, ...healed }]);
    expect(state(done)).to.include({ Injected: 'False', InForce: 'False', SeenHealed: 'True' });
    expect(conditionOf(done.conditions, 'Injected')?.message).to.equal('done to 1 of 2 targets');
    expect(isOver(fault(done))).to.equal(true);
  });

  it('is over when all targets have healed, also when nothing was injected', () => {
    const done = progress([receipt('a', { healedAt: t(1), seenHealedAt: t(1) })]);
    expect(state(done)).to.include({ Injected: 'False', InForce: 'False', SeenHealed: 'True' });
    expect(conditionOf(done.conditions, 'Injected')?.reason).to.equal('NotInjected');
    expect(isOver(fault(done))).to.equal(true);
  });

  it('is over without a healing when the probe never saw one', () => {
    const open = [receipt('a', { injectedAt: t(1), seenInForceAt: t(2), trouble: 'node is gone' })];
    expect(isOver(fault(progress(open)))).to.equal(false);
    const status = progress(open, { hopeless: true });
    expect(status.phase).to.equal('Unhealed');
    expect(state(status)).to.include({ InForce: 'True', Healed: 'False', SeenHealed: 'False' });
    expect(conditionOf(status.conditions, 'SeenHealed')?.message).to.include('node is gone');
    expect(isOver(fault(status))).to.equal(true);
  });

  it('that is refused is over once all injected targets have healed', () => {
    const refusal = { reason: 'Unsupported', message: 'no nftables' };
    const atOnce = refusedStatus(fault(), refusal, NOW);
    expect(atOnce.phase).to.equal('Refused');
    expect(isOver(fault(atOnce))).to.equal(true);
    const open = progress([receipt('a', { injectedAt: t(1) })], { refusal });
    expect(conditionOf(open.conditions, 'Accepted')).to.include({ status: 'False', message: 'no nftables' });
    expect(isOver(fault(open))).to.equal(false);
  });

  it('has the observed generation', () => {
    const status = progress([receipt('a')]);
    for (const condition of status.conditions ?? []) expect(condition.observedGeneration).to.equal(2);
  });
});
