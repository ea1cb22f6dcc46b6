import { expect } from 'chai';
import { leaseMove, microTime, nextLookMs, recordFor, releasedRecord, see } from './lease-decision.ts';

const now = new Date('2026-01-01T00:00:00.123Z');
const record = {
  holderIdentity: 'other',
  leaseDurationSeconds: 15,
  acquireTime: '2020-01-01T00:00:00.000000Z',
  renewTime: '2020-01-01T00:00:00.000000Z',
  leaseTransitions: 4,
};

describe('the decision of a candidate', () => {
  it('creates a missing Lease', () => {
    expect(leaseMove(undefined, 'me', 0)).to.equal('create');
  });

  it('waits while another holds it, by our clock and not by its timestamps', () => {
    const seen = { record, resourceVersion: '1', seenMs: 1_000 };
    expect(leaseMove(seen, 'me', 15_999)).to.equal('wait');
    expect(leaseMove(seen, 'me', 16_000)).to.equal('take');
  });

  it('restarts the clock only when the Lease changes', () => {
    const first = see(undefined, { record, resourceVersion: '1' }, 1_000);
    expect(see(first, { record: { ...record }, resourceVersion: '1' }, 9_000)).to.equal(first);
    expect(see(first, { record, resourceVersion: '2' }, 9_000).seenMs).to.equal(9_000);
  });

  it('renews its own Lease and takes a released one', () => {
    const mine = { record: { ...record, holderIdentity: 'me' }, resourceVersion: '1', seenMs: 0 };
    expect(leaseMove(mine, 'me', 1_000_000)).to.equal('renew');
    const free = { record: releasedRecord(record, now), resourceVersion: '1', seenMs: 0 };
    expect(leaseMove(free, 'me', 0)).to.equal('take');
  });

  it('looks again exactly when a silent holder expires', () => {
    const seen = { record, resourceVersion: '1', seenMs: 1_000 };
    const overMs = 1_000 + record.leaseDurationSeconds * 1000;
    expect(nextLookMs(seen, 4_000, 1_000)).to.equal(4_000);
    expect(nextLookMs(seen, 4_000, overMs - 100)).to.equal(100);
    expect(nextLookMs(seen, 4_000, overMs)).to.equal(4_000);
    expect(nextLookMs(undefined, 4_000, 0)).to.equal(4_000);
    const free = { ...seen, record: releasedRecord(record, now) };
    expect(nextLookMs(free, 4_000, 1_900)).to.equal(4_000);
  });

  it('writes times with microseconds, counts takeovers, and keeps the time of acquisition on renewal', () => {
    expect(microTime(now)).to.equal('2026-01-01T00:00:00.123000Z');
    const candidate = { identity: 'me', leaseDurationMs: 15_000 };
    const taken = recordFor('take', record, candidate, now);
    expect(taken).to.deep.equal({
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: microTime(now),
      renewTime: microTime(now),
      leaseTransitions: 5,
    });
    const renewed = recordFor('renew', taken, candidate, new Date('2026-01-01T00:00:02Z'));
    expect([renewed.acquireTime, renewed.leaseTransitions]).to.deep.equal([microTime(now), 5]);
    expect(recordFor('create', undefined, candidate, now).leaseTransitions).to.equal(0);
  });
});
