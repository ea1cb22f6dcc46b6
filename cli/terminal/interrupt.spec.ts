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

  it('the first one stops the work and allows the clean-up', () => {
    const { source, interruption } = listening();
    source.emit('SIGINT', 'SIGINT');
    expect(interruption.work.aborted).to.equal(true);
    expect(interruption.work.reason).to.be.instanceOf(Interrupted);
    expect(interruption.cleanUp.aborted).to.equal(false);
  });

  it('the second one stops the clean-up', () => {
    const { source, clock, interruption } = listening();
    source.emit('SIGTERM', 'SIGTERM');
    clock.now = 5_000;
    source.emit('SIGINT', 'SIGINT');
    expect(interruption.cleanUp.aborted).to.equal(true);
  });

  it('a signal that arrives twice, from the process group and from make, counts once', () => {
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
