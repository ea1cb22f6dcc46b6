import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { onClosedOutput } from './closed-output.ts';

describe('a closed output', () => {
  /** Exit codes of a command whose output fails with this error. */
  function codes(continues: boolean, code: string): number[] {
    const output = new EventEmitter();
    const seen: number[] = [];
    onClosedOutput(continues, [output], (exit) => seen.push(exit));
    output.emit('error', Object.assign(new Error(code), { code }));
    return seen;
  }

  it('ends a command that only reads', () => {
    expect(codes(false, 'EPIPE')).to.deep.equal([141]);
  });

  it('does not end a command that changes something', () => {
    expect(codes(true, 'EIO')).to.deep.equal([]);
  });

  it('is the only error of an output that is expected', () => {
    expect(() => codes(true, 'ENOSPC')).to.throw('ENOSPC');
  });
});
