import { expect } from 'chai';
import { fitted } from './table.ts';

const head = ['name', 'verdict', 'message'];
const rows = [
  ['e2e-abc', 'Passed', ''],
  ['e2e-with-a-long-name', 'Failed', 'storage-file-upload: Failed (TestsFailed); and 3 more'],
];

describe('tables on terminals', () => {
  it('are complete where they fit, and in files', () => {
    expect(fitted(head, rows, undefined)).to.deep.equal(fitted(head, rows, 400));
    expect(fitted(head, rows, undefined).join('\n')).to.contain('and 3 more');
  });

  it('are cut at their widest column, with a mark', () => {
    const lines = fitted(head, rows, 60);
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(60);
    expect(lines.join('\n')).to.contain('e2e-with-a-long-name').and.contain('…');
  });

  it('become blocks of lines on very narrow terminals', () => {
    const lines = fitted(head, rows, 24);
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(24);
    expect(lines).to.include('name: e2e-abc').and.to.include('verdict: Failed');
  });
});
