import { expect } from 'chai';
import { MachinePace, paceOf } from './machine-pace.ts';
import { notYet, waitUntil } from './waiting.ts';

describe('the pace of the machine', () => {
  const sample = (wallMs: number, cpuMs: number, at = 0) => ({ at, wallMs, cpuMs });

  it('is the wall time of all samples by their CPU time', () => {
    expect(paceOf([sample(10, 10), sample(30, 10)])).to.equal(2);
  });

  it('is never below 1, also when other threads used CPU time', () => {
    expect(paceOf([sample(10, 25)])).to.equal(1);
    expect(paceOf([])).to.equal(1);
  });

  it('is never above 5, so that a bound still proves something', () => {
    expect(paceOf([sample(1_000, 10)])).to.equal(5);
  });

  it('counts only the samples since a time', async () => {
    const pace = new MachinePace();
    pace.samples.push(sample(50, 10, 1_000), sample(10, 10, 2_000));
    expect(pace.since(1_500)).to.equal(1);
    expect(pace.since(0)).to.equal(3);
  });

  it('takes samples from start to stop', async () => {
    const pace = new MachinePace().start();
    const seen = await waitUntil('a sample', async () => pace.samples[0] ?? notYet('none'), {
      deadlineSeconds: 30,
    });
    pace.stop();
    expect(seen.wallMs).to.be.above(0);
    expect(seen.cpuMs).to.be.above(0);
  });
});
