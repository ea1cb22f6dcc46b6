import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { endOnSilence } from './silence.ts';

/** Timers that expire when the test says how much time has passed. */
function handTimers() {
  const waiting = new Map<object, { expired: () => void; at: number }>();
  let now = 0;
  return {
    set: (expired: () => void, ms: number) => {
      const timer = {} as NodeJS.Timeout;
      waiting.set(timer, { expired, at: now + ms });
      return timer;
    },
    clear: (timer: NodeJS.Timeout) => void waiting.delete(timer),
    pass: (ms: number) => {
      now += ms;
      for (const [timer, { expired, at }] of [...waiting]) {
        if (at > now) continue;
        waiting.delete(timer);
        expired();
      }
    },
    count: () => waiting.size,
  };
}

describe('a part of the tests', () => {
  it('may take any time while it prints, and is ended when it has been silent', async () => {
    const output = new PassThrough();
    const timers = handTimers();
    let ended = 0;
    endOnSilence(output, 1000, () => ended++, timers);
    for (let line = 0; line < 10; line++) {
      timers.pass(900);
      output.write('a test passed\n');
      await turn();
    }
    expect(ended, 'while it printed').to.equal(0);
    timers.pass(1000);
    expect(ended, 'after a silence').to.equal(1);
  });

  it('leaves no timer behind when its output ends', async () => {
    const output = new PassThrough();
    const timers = handTimers();
    endOnSilence(output, 1000, () => undefined, timers);
    output.end('the last line\n');
    await turn();
    await turn();
    expect(timers.count()).to.equal(0);
  });
});
