import { expect } from 'chai';
import { mustReport } from './open-files.ts';

describe('open files', () => {
  const agent = { id: 'i-a', httpUrl: 'http://a' };
  const observed = { ...agent, observerUrl: 'http://o' };

  it('are reported where the chart of this project runs, from the release that can', () => {
    expect(mustReport({ agents: [observed], version: '26.9.6' })).to.equal(true);
    expect(mustReport({ agents: [observed], version: '26.8.3' })).to.equal(true);
    expect(mustReport({ agents: [observed], version: '26.4.0' })).to.equal(false);
  });

  it('need not be reported by another deployment', () => {
    expect(mustReport({ agents: [agent], version: '26.9.6' })).to.equal(false);
  });
});
