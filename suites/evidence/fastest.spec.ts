import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fastestSeconds } from './fastest.ts';

describe('the fastest of some actions', () => {
  it('is not delayed by those that are slow now and then', async () => {
    const pauses = [40, 0, 40];
    expect(await fastestSeconds(3, () => delay(pauses.pop()))).to.be.below(0.035);
  });

  it('is as slow as all of them, and passes an error on', async () => {
    expect(await fastestSeconds(2, () => delay(40))).to.be.at.least(0.035);
    const broken = fastestSeconds(3, () => Promise.reject(new Error('no answer')));
    expect(String(await broken.catch((error: unknown) => error))).to.include('no answer');
  });
});
