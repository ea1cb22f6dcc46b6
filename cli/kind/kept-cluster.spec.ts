import { expect } from 'chai';
import { keptLines } from './kept-cluster.ts';

const state = { operatorInstalled: true };

describe('the hints for a kept cluster', () => {
  it('appear only after the operator was installed', () => {
    expect(keptLines({ operatorInstalled: false })).to.deep.equal([]);
    expect(keptLines(state).join('\n')).to.contain('get testruns,testreports').and.contain('make down');
  });
});
