import { expect } from 'chai';
import stringWidth from 'string-width';
import { cut, fitted, table } from './table.ts';

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

  it('measure what a terminal shows: Hangul takes two columns, a combining sign none', () => {
    const wide = [
      ['한글', 'x'],
      ['e\u0301a', 'y'],
    ];
    expect(table(['name', 'v'], wide)).to.deep.equal(['name  v', '────  ─', '한글  x', 'e\u0301a    y']);
    expect(cut('가나다라', 6)).to.equal('가나…');
    expect(cut('가나다라', 8)).to.equal('가나다라');
    const lines = fitted(
      ['name', 'message'],
      [['세션', '한글 메시지가 아주 길어서 잘립니다 '.repeat(4)]],
      60,
    );
    expect(lines.every((line) => stringWidth(line) <= 60)).to.equal(true);
  });
});
