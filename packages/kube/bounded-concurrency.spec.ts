import { expect } from 'chai';
import { atATime } from './bounded-concurrency.ts';

describe('so many at a time', () => {
  /** Work that ends when it is told to. */
  function work() {
    const begun: number[] = [];
    const ends = new Map<number, { done: (result: string) => void; fail: (error: Error) => void }>();
    const each = (item: number) =>
      new Promise<string>((done, fail) => {
        begun.push(item);
        ends.set(item, { done, fail });
      });
    return { begun, ends, each };
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it('begins the next when one has ended, and gives the results in the order of the items', async () => {
    const { begun, ends, each } = work();
    const all = atATime(2, [1, 2, 3], each);
    expect(begun).to.deep.equal([1, 2]);
    ends.get(2)?.done('two');
    await settle();
    expect(begun).to.deep.equal([1, 2, 3]);
    ends.get(3)?.done('three');
    ends.get(1)?.done('one');
    expect(await all).to.deep.equal(['one', 'two', 'three']);
  });

  it('begins nothing more when one has failed', async () => {
    const { begun, ends, each } = work();
    const all = atATime(2, [1, 2, 3, 4], each).catch((error: unknown) => error);
    ends.get(1)?.fail(new Error('refused'));
    expect(String(await all)).to.equal('Error: refused');
    ends.get(2)?.done('two');
    await settle();
    expect(begun).to.deep.equal([1, 2]);
  });

  it('does nothing with nothing', async () => {
    expect(await atATime(3, [], async () => 1)).to.deep.equal([]);
  });
});
