import { expect } from 'chai';
import { PhaseClock } from './phases.ts';

describe('measuring phases', () => {
  function clockAt() {
    const time = { now: 0 };
    const wallStart = Date.parse('2026-01-01T00:00:00Z');
    const clock = new PhaseClock(
      () => time.now,
      () => wallStart + time.now,
    );
    return { time, clock };
  }

  it('adds up a phase that is entered twice, and counts one that failed', async () => {
    const { time, clock } = clockAt();
    await clock.measure('cluster', async () => {
      time.now += 2_000;
    });
    const failing = clock.measure('cluster', async () => {
      time.now += 1_500;
      throw new Error('no');
    });
    await failing.catch(() => {});
    expect(clock.rows()).to.deep.equal([{ name: 'cluster', seconds: 3.5 }]);
  });

  it('lists phases in the order of the job', async () => {
    const { clock } = clockAt();
    clock.add('suites', 5);
    clock.add('doctor', 1);
    clock.add('environment', 2, 'suites');
    expect(clock.rows()).to.deep.equal([
      { name: 'doctor', seconds: 1 },
      { name: 'environment', seconds: 2 },
      { name: 'suites', seconds: 3 },
    ]);
  });

  it('moves seconds out of a phase that is still measured', async () => {
    const { time, clock } = clockAt();
    await clock.measure('suites', async () => {
      time.now += 10_000;
      clock.add('environment', 4, 'suites');
    });
    expect(clock.rows()).to.deep.equal([
      { name: 'environment', seconds: 4 },
      { name: 'suites', seconds: 6 },
    ]);
  });

  it('converts a time of the cluster into seconds since its start', () => {
    const { clock } = clockAt();
    expect(clock.secondsUntil('2026-01-01T00:01:30.500Z')).to.equal(90.5);
    expect(clock.secondsUntil(undefined)).to.equal(undefined);
  });
});
