import type { FaultReceipt } from '@backendai-e2e/api/fault';
import { expect } from 'chai';
import { begunBy, isHopeless, type Timing } from './timing.ts';

const ACCEPTED = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number) => new Date(ACCEPTED + seconds * 1000);
const timing = (seconds: number): Timing => ({
  now: at(seconds),
  acceptedAt: at(0),
  wantsHealing: false,
  seconds: 60,
});
const receipt = (changes: Partial<FaultReceipt>): FaultReceipt => ({ pod: 'a', uid: 'u', ...changes });

describe('the time of a fault', () => {
  it('counts from the injection, if the clock of the node agrees with that of the operator', () => {
    const told = receipt({ injectedAt: at(5).toISOString() });
    expect(begunBy(told, timing(10))).to.equal(at(5).getTime());
    expect(isHopeless(told, timing(5 + 60 + 90))).to.equal(false);
    expect(isHopeless(told, timing(5 + 60 + 91))).to.equal(true);
  });

  for (const skew of [-3600, -160, -95, 130, 3600]) {
    it(`lasts under a clock of the node that differs by ${skew} s`, () => {
      const told = receipt({ injectedAt: at(skew).toISOString() });
      for (const now of [1, 30, 90, 150]) expect(isHopeless(told, timing(now)), `${now} s`).to.equal(false);
      expect(isHopeless(told, timing(300))).to.equal(true);
    });
  }

  it('gives what was undone late its time to recover', () => {
    const late = receipt({ injectedAt: at(1).toISOString(), healedAt: at(3600).toISOString() });
    expect(isHopeless(late, timing(3601))).to.equal(false);
    expect(isHopeless(late, timing(3600 + 91))).to.equal(true);
  });

  it('does not grow by a healing in the future', () => {
    const ahead = receipt({ injectedAt: at(1).toISOString(), healedAt: at(86_400).toISOString() });
    expect(isHopeless(ahead, timing(1 + 60 + 91))).to.equal(true);
  });
});
