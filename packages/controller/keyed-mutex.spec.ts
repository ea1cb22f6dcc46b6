import { expect } from 'chai';
import { KeyedMutex } from './keyed-mutex.ts';

/** Work that shows whether it runs, and ends on request. */
class Work {
  running = false;
  end: () => void = () => undefined;
  readonly do = () =>
    new Promise<void>((resolve) => {
      this.running = true;
      this.end = () => {
        this.running = false;
        resolve();
      };
    });
}

/** Lets the callbacks of settled promises run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the keyed mutex', () => {
  it('waits for work that shares any of several keys, and for no other', async () => {
    const mutex = new KeyedMutex();
    const [both, second, third] = [new Work(), new Work(), new Work()];
    const all = [mutex.takeAll(['one', 'two'], both.do)];
    await settled();
    all.push(mutex.take('two', second.do), mutex.takeAll(['three'], third.do));
    await settled();
    expect([both.running, second.running, third.running]).to.deep.equal([true, false, true]);
    both.end();
    await settled();
    expect(second.running).to.equal(true);
    second.end();
    third.end();
    await Promise.all(all);
  });

  it('does not deadlock, whatever order keys are given in', async () => {
    const mutex = new KeyedMutex();
    const done: string[] = [];
    await Promise.all([
      mutex.takeAll(['one', 'two', 'one'], async () => done.push('a')),
      mutex.takeAll(['two', 'one'], async () => done.push('b')),
      mutex.takeAll(['three', 'two', 'one'], async () => done.push('c')),
    ]);
    expect(done.sort()).to.deep.equal(['a', 'b', 'c']);
  });
});
