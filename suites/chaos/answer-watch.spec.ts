import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { AnswerWatch, slowestAnswer } from './answer-watch.ts';
import { longestTry } from './election.ts';

describe('the answers of a component', () => {
  const samples = [
    { at: 0, ms: 900 },
    { at: 1_000, ms: 20 },
    { at: 2_000, ms: 1_500 },
    { at: 9_000, ms: 4_000 },
  ];

  it('count if they were awaited at some time of the span', () => {
    expect(slowestAnswer(samples, 1_000, 1_500)).to.equal(20);
    expect(slowestAnswer(samples, 3_000, 8_000)).to.equal(1_500);
    expect(slowestAnswer(samples, 0, 20_000)).to.equal(4_000);
    expect(slowestAnswer([], 0, 20_000)).to.equal(0);
  });

  it('include a request that fails late', async () => {
    const watch = new AnswerWatch(() => pause(30).then(() => Promise.reject(new Error('refused')))).start();
    while (watch.samples.length === 0) await pause(1);
    watch.stop();
    expect(watch.slowest(0, Date.now())).to.be.at.least(25);
  });
});

describe('the longest time until a follower takes a free lock', () => {
  it('is one interval if it answers in time', () => {
    expect(longestTry(0)).to.equal(10);
    expect(longestTry(999)).to.equal(10.999);
  });

  it('includes a failed try and its wait if the follower may have missed the answer of Valkey', () => {
    expect(longestTry(1_000)).to.equal(10 + 3.3 + 10 + 1);
  });
});
