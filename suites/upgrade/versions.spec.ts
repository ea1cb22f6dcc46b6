import { expect } from 'chai';
import { upgradedTo } from './versions.ts';

describe('an upgrade', () => {
  it('is over when every process names one other version', () => {
    expect(upgradedTo({ manager: ['2', '2'], webserver: ['2'] }, '1')).to.equal('2');
    expect(upgradedTo({ manager: ['2', '1'], webserver: ['2'] }, '1')).to.equal(undefined);
    expect(upgradedTo({ manager: ['2', '2'], webserver: ['3'] }, '1')).to.equal(undefined);
    expect(upgradedTo({ manager: ['1', '1'], webserver: ['1'] }, '1')).to.equal(undefined);
    expect(upgradedTo({}, '1')).to.equal(undefined);
  });
});
