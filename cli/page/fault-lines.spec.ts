import type { PageFault } from '@backendai-e2e/page/model/data/page-data';
import { expect } from 'chai';
import { faultLines } from './fault-lines.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const fault = (component: string, more: Partial<PageFault> = {}): PageFault => ({
  ...{ name: `f-${component}`, action: 'kill', component, environment: 'e2e', attempt: 's-1' },
  ...{ phase: 'Healed', asked: START, receipts: [] },
  ...more,
});
const healed = (seconds: number) => ({
  injected: START,
  seenInForce: START + 1_000,
  healed: START + 2_000,
  seenHealed: START + 2_000 + seconds * 1_000,
});

describe('the faults of a run on a terminal', () => {
  it('are one line where each was seen healed, with the slowest recovery', () => {
    const lines = faultLines([fault('agent', healed(3)), fault('manager', healed(34))]);
    expect(lines).to.deep.equal([
      '',
      '⚡ 2 faults, each seen healed; the slowest to recover: kill manager (e2e), 34 s',
    ]);
  });

  it('name each that is in force, and the last moment that was seen', () => {
    const { seenHealed: _, ...unproven } = healed(3);
    const lines = faultLines([
      fault('agent', { phase: 'InForce', injected: START, seenInForce: START + 1_000 }),
      fault('etcd', { phase: 'Pending' }),
      fault('s3', unproven),
    ]);
    expect(lines).to.deep.equal([
      '',
      '⚡ 3 faults, 3 not seen healed',
      '  kill agent (e2e): in force since 00:00:01 (InForce)',
      '  kill etcd (e2e): asked for since 00:00:00 (Pending)',
      '  kill s3 (e2e): healed since 00:00:02, but not seen healed (Healed)',
    ]);
  });

  it('are no lines where there was none', () => {
    expect(faultLines([])).to.deep.equal([]);
  });

  it('write no character that acts on a terminal', () => {
    const [, line] = faultLines([fault('\u001b[2J', healed(1))]);
    expect(line).not.to.include('\u001b');
  });
});
