import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { expect } from 'chai';
import { backoffMs, ItemBackoff, jittered, TokenBucket } from './backoff.ts';

describe('backoff', () => {
  it('doubles from the base to the cap, also after thousands of failures', () => {
    const backoff = { baseMs: 5, capMs: 1_000_000 };
    expect([1, 2, 3, 4].map((failures) => backoffMs(backoff, failures))).to.deep.equal([5, 10, 20, 40]);
    expect(backoffMs(backoff, 18)).to.equal(655_360);
    expect(backoffMs(backoff, 19)).to.equal(1_000_000);
    expect(backoffMs(backoff, 5_000)).to.equal(1_000_000);
    expect(backoffMs(backoff, 0)).to.equal(0);
  });

  it('adds jitter on top, never below', () => {
    expect(jittered(100, 0.5, () => 0)).to.equal(100);
    expect(jittered(100, 0.5, () => 1)).to.equal(150);
  });

  it('counts failures by item until they are forgotten', () => {
    const items = new ItemBackoff({ baseMs: 5, capMs: 1_000 });
    expect([items.next('a'), items.next('a'), items.next('b')]).to.deep.equal([5, 10, 5]);
    items.forget('a');
    expect(items.next('a')).to.equal(5);
  });

  it('never waits longer than 30 s, however many failures there were', () => {
    const items = new ItemBackoff();
    const waits = Array.from({ length: 40 }, () => items.next('a'));
    expect(waits[0]).to.equal(5);
    expect(Math.max(...waits)).to.equal(30_000);
  });

  it('lets a burst through, then the given number a second', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(clock, 10, 3);
    expect([bucket.reserve(), bucket.reserve(), bucket.reserve()]).to.deep.equal([0, 0, 0]);
    expect([bucket.reserve(), bucket.reserve()]).to.deep.equal([100, 200]);
    await clock.advance(1_000);
    expect(bucket.reserve()).to.equal(0);
  });
});
