import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { Interrupted, onInterrupt } from './interrupt.ts';

describe('signals', () => {
  function listening() {
    const source = new EventEmitter();
    const said: string[] = [];
    const clock = { now: 0 };
    const interruption = onInterrupt(
      (line) => said.push(line),
      source,
      () => clock.now,
    );
    return { source, said, clock, interruption };
  }

  it('the first stops the work and lets the clean-up go on', () => {
    const { source, interruption } = listening();
    source.emit('SIGINT', 'SIGINT');
    expect(interruption.work.aborted).to.equal(true);
    expect(interruption.work.reason).to.be.instanceOf(Interrupted);
    expect(interruption.cleanUp.aborted).to.equal(false);
  });

  it('the second stops the clean-up too', () => {
    const { source, clock, interruption } = listening();
    source.emit('SIGTERM', 'SIGTERM');
    clock.now = 5_000;
    source.emit('SIGINT', 'SIGINT');
    expect(interruption.cleanUp.aborted).to.equal(true);
  });

  it('the same signal by way of the process group and of make is one wish', () => {
    const { source, clock, interruption } = listening();
    source.emit('SIGTERM', 'SIGTERM');
    clock.now = 50;
    source.emit('SIGTERM', 'SIGTERM');
    expect(interruption.cleanUp.aborted).to.equal(false);
  });

  it('nothing listens after dispose', () => {
    const { source, interruption } = listening();
    interruption.dispose();
    expect(source.eventNames()).to.deep.equal([]);
  });
});
