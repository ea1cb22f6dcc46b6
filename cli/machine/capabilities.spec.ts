import { expect } from 'chai';
import { CAPABILITIES, missingCapabilities } from './capabilities.ts';

const status = (hex: string): string =>
  `Name:\tnode\nCapEff:\t0000000000000000\nCapBnd:\t${hex}\nCapAmb:\t0\n`;

describe('missing capabilities', () => {
  it('are none where the bounding set holds all that the kernel knows', () => {
    expect(missingCapabilities(status('000001ffffffffff'), 40)).to.deep.equal([]);
  });
  it('are named by the bits that are off', () => {
    expect(missingCapabilities(status('000001fffeffffff'), 40)).to.deep.equal(['CAP_SYS_RESOURCE']);
    expect(missingCapabilities(status('00000000a80425fb'), 40)).to.include.members([
      'CAP_SYS_ADMIN',
      'CAP_BPF',
    ]);
    expect(missingCapabilities(status('00000000a80425fb'), 40)).not.to.include('CAP_CHOWN');
  });
  it('leave out what an older kernel does not know', () => {
    expect(missingCapabilities(status('0000003fffffffff'), 37)).to.deep.equal([]);
  });
  it('are unknown without a CapBnd line', () => {
    expect(() => missingCapabilities('Name: node\n', 40)).to.throw('CapBnd');
  });
  it('count from CAP_CHOWN at 0 to CAP_CHECKPOINT_RESTORE at 40', () => {
    expect([CAPABILITIES[0], CAPABILITIES[24], CAPABILITIES[40], CAPABILITIES.length]).to.deep.equal([
      'CAP_CHOWN',
      'CAP_SYS_RESOURCE',
      'CAP_CHECKPOINT_RESTORE',
      41,
    ]);
  });
});
