import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { expect } from 'chai';
import { WorkQueue } from './work-queue.ts';

describe('the work queue', () => {
  let clock: FakeClock;
  let queue: WorkQueue;
  const take = async () => (await queue.take())?.key;

  beforeEach(() => {
    clock = new FakeClock();
    queue = new WorkQueue({ clock });
  });

  it('returns keys in order, each once however often it was added', async () => {
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect([await take(), await take(), await take()]).to.deep.equal(['a', 'b', 'c']);
    expect(queue.depth).to.equal(0);
  });

  it('does not return a key in progress, and does not lose its change', async () => {
    queue.add('a');
    await take();
    queue.add('a');
    queue.add('a');
    let second: string | undefined;
    void take().then((key) => {
      second = key;
    });
    await clock.advance(0);
    expect(second).to.equal(undefined);
    queue.done('a');
    await clock.advance(0);
    expect(second).to.equal('a');
    queue.done('a');
    expect([queue.depth, queue.processing]).to.deep.equal([0, 0]);
  });

  it('gives a key to a worker that already waits', async () => {
    const waiting = take();
    queue.add('a');
    expect(await waiting).to.equal('a');
  });

  it('measures the wait of a key from its first pending change', async () => {
    queue.add('a');
    await clock.advance(300);
    queue.add('a');
    await clock.advance(200);
    expect(await queue.take()).to.deep.equal({ key: 'a', waitedMs: 500 });
  });

  it('adds after a delay; of several delays the earliest counts', async () => {
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 9_000);
    await clock.advance(999);
    expect(queue.depth).to.equal(0);
    await clock.advance(1);
    expect(await take()).to.equal('a');
    queue.done('a');
    await clock.advance(10_000);
    expect(queue.depth).to.equal(0);
  });

  it('backs off with every failure, from 5 ms to 30 s, until forgotten', () => {
    const waits = Array.from({ length: 20 }, () => queue.addRateLimited('a'));
    expect(waits.slice(0, 4)).to.deep.equal([5, 10, 20, 40]);
    expect(waits.at(-1)).to.equal(30_000);
    expect(queue.failures('a')).to.equal(20);
    queue.forget('a');
    expect(queue.addRateLimited('a')).to.equal(5);
  });

  it('keeps a failed key away for its pause, whatever changes meanwhile', async () => {
    const times: number[] = [];
    for (let failures = 1; failures <= 8; failures += 1) {
      queue.add('a');
      await take();
      times.push(clock.monotonicMs());
      // Its own write, as the watch shows it: before the failure is known, and after it.
      queue.add('a');
      queue.addRateLimited('a');
      queue.done('a');
      queue.add('a');
      expect(queue.depth).to.equal(0);
      await clock.advance(5 * 2 ** (failures - 1));
      expect(queue.depth).to.equal(1);
    }
    expect(times).to.deep.equal([0, 5, 15, 35, 75, 155, 315, 635]);
  });

  it('brings a failed key back after 5 s when it changes, long before its next try', async () => {
    queue.add('a');
    await take();
    while (queue.addRateLimited('a') < 30_000);
    queue.done('a');
    queue.add('a');
    await clock.advance(4_999);
    expect(queue.depth).to.equal(0);
    await clock.advance(1);
    expect(await take()).to.equal('a');
    queue.forget('a');
    queue.done('a');
    queue.add('a');
    expect(queue.depth).to.equal(1);
  });

  it('limits all failures together to 10 per second after a burst of 100', () => {
    const waits = Array.from({ length: 120 }, (_, index) => queue.addRateLimited(`key-${index}`));
    expect(waits[99]).to.equal(5);
    expect(waits[101]).to.equal(200);
    expect(waits[119]).to.equal(2_000);
  });

  it('releases waiting workers and drops keys on shutdown, and resolves after the last work', async () => {
    queue.add('a');
    await take();
    const idle = take();
    queue.addAfter('late', 10);
    let ended = false;
    const down = queue.shutDown().then(() => {
      ended = true;
    });
    queue.add('b');
    queue.add('a');
    expect(await idle).to.equal(undefined);
    await clock.advance(1_000);
    expect(ended).to.equal(false);
    queue.done('a');
    await down;
    expect(await take()).to.equal(undefined);
    expect([queue.depth, clock.pending]).to.deep.equal([0, 0]);
  });
});
