import type { Fault, FaultReceipt, FaultSpec } from '@backendai-e2e/api/fault';
import { API_VERSION } from '@backendai-e2e/api/group';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { decide, type FaultStep, lookAgainAfter, progressOf, settle, timingOf } from './decide.ts';
import type { Timing } from './timing.ts';

const NOW = new Date('2030-01-01T00:00:10Z');
const timing: Timing = {
  now: NOW,
  acceptedAt: new Date('2030-01-01T00:00:00Z'),
  wantsHealing: false,
  seconds: 60,
};
const receipt: FaultReceipt = { pod: 'web-1', uid: 'u1', container: 'main', containerId: 'c1' };
const pod: Pod = { metadata: { name: 'web-1', uid: 'u1', namespace: 'ns' } };

function fault(action: Partial<FaultSpec>, targets: FaultReceipt[] = [receipt]): Fault {
  return {
    apiVersion: API_VERSION,
    kind: 'Fault',
    metadata: { name: 'f', namespace: 'e2e', uid: '0123456789abcdef' },
    spec: { environmentRef: { name: 'dev' }, target: { component: 'web' }, ...action } as FaultSpec,
    status: { acceptedAt: '2030-01-01T00:00:00Z', targets },
  };
}

describe('a decision about an accepted fault', () => {
  it('runs one tool in each target that has not healed', () => {
    const healed = { ...receipt, uid: 'u2', seenHealedAt: '2030-01-01T00:00:05Z' };
    const targets = [{ pod, tools: [] }, undefined];
    const steps = decide(fault({ pause: {} }, [receipt, healed]), { targets }, timing);
    expect(steps.map(({ acts }) => acts.map((act) => act.do))).to.deep.equal([['runTool'], []]);
    expect(steps[1]?.receipts).to.deep.equal([healed]);
  });

  it('deletes pods with the force that the spec asks for', () => {
    const component = { pods: [{ ...pod, metadata: { ...pod.metadata } }], workloads: [] };
    for (const force of [true, false]) {
      const [step] = decide(fault({ podDelete: { force } }), { component }, timing);
      expect(step?.acts).to.deep.equal([{ do: 'deletePod', name: 'web-1', uid: 'u1', force }]);
    }
  });

  it('counts everything as healed when the environment is gone', () => {
    const [step] = decide(fault({ pause: {} }), undefined, timing);
    expect(step?.acts).to.deep.equal([]);
    expect(step?.receipts[0]).to.deep.include({ seenHealedAt: NOW.toISOString() });
    expect(step?.receipts[0]?.healedEvidence).to.contain('TestEnvironment dev');
  });
});

describe('a step whose act failed', () => {
  const refusal = { reason: 'Unsupported', message: 'the cluster forbids it' };
  const step = (before: FaultReceipt): FaultStep => ({
    before: [before],
    receipts: [{ ...before, peers: ['10.0.0.1'] }],
    acts: [],
    lookAgainMs: 300,
  });
  const injected = { ...receipt, injectedAt: '2030-01-01T00:00:01Z' };

  it('stays as it was when the pod is gone', () => {
    const after = settle(step(receipt), [{ done: false, gone: true }], timing);
    expect(after).to.deep.include({ receipts: [receipt], lookAgainMs: 300 });
    expect(after.refusal).to.equal(undefined);
  });

  it('refuses the fault when nothing was injected yet', () => {
    const after = settle(step(receipt), [{ done: false, refusal }], timing);
    expect(after.refusal).to.deep.equal(refusal);
    expect(after.receipts[0]?.healedEvidence).to.contain(refusal.message);
  });

  it('reports the trouble and goes on when the effect is injected', () => {
    const after = settle(step(injected), [{ done: false, refusal }], timing);
    expect(after.refusal).to.equal(undefined);
    expect(after.receipts).to.deep.equal([{ ...injected, trouble: refusal.message }]);
  });

  it('keeps its receipts when the act was done', () => {
    expect(settle(step(receipt), [{ done: true }], timing).receipts[0]?.peers).to.deep.equal(['10.0.0.1']);
  });
});

describe('the timing of a fault', () => {
  const deleted = fault({ pause: {} });
  deleted.metadata.deletionTimestamp = '2030-01-01T00:00:09Z';
  const cases: [string, Fault, boolean, boolean][] = [
    ['lasts by default', fault({ pause: {} }), false, false],
    ['ends with spec.heal', fault({ pause: {}, heal: true }), false, true],
    ['ends with its attempt', fault({ pause: {} }), true, true],
    ['ends with its deletion', deleted, false, true],
  ];
  for (const [title, asked, attemptEnded, wantsHealing] of cases) {
    it(title, () => {
      expect(timingOf(asked, attemptEnded, NOW)).to.deep.equal({ ...timing, wantsHealing });
    });
  }
});

describe('the progress of a fault', () => {
  it('is hopeless only when every open target is long overdue', () => {
    const late = { ...timing, now: new Date('2030-01-01T01:00:00Z') };
    const overdue = { ...receipt, injectedAt: '2030-01-01T00:00:01Z' };
    const fresh = { ...receipt, injectedAt: '2030-01-01T00:59:59Z' };
    const of = (...receipts: FaultReceipt[]) =>
      progressOf(fault({ pause: {} }), [{ before: receipts, receipts, acts: [] }], late).hopeless;
    expect(of(overdue)).to.equal(true);
    expect(of(overdue, fresh)).to.equal(false);
  });

  it('looks again when the first step asks for it', () => {
    const step = { before: [], receipts: [], acts: [] };
    expect(lookAgainAfter([{ ...step, lookAgainMs: 500 }, { ...step, lookAgainMs: 300 }, step])).to.equal(
      300,
    );
    expect(lookAgainAfter([step])).to.equal(undefined);
  });
});
