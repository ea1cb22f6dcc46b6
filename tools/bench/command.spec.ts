import { expect } from 'chai';
import { benchRow, singleRow } from './bench-row.ts';
import { benchExit, benchTable } from './command.ts';

const good = benchRow('good', [1, 1], [1, 1], { goal: 1.1 });
const noisy = benchRow('noisy', [1, 1.4], [1, 1], { goal: 1.1 });
const bad = singleRow({ name: 'bad', ours: 3, floor: 1, unit: 'MiB', goal: 1, better: 'lower' });

describe('the end of a bench', () => {
  it('is 1 for a row that is worse than its goal by more than its own spread', () => {
    expect(benchExit([good, noisy], [])).to.equal(0);
    expect(benchExit([good, bad], [])).to.equal(1);
    expect(benchExit([bad], ['one suite: no cluster'])).to.equal(1);
  });

  it('is 2 where a row could not be measured', () => {
    expect(benchExit([good], ['one suite: no cluster'])).to.equal(2);
  });

  it('marks in the table what is beyond its goal', () => {
    const row = benchRow('the runner', [0.7], [0.2], { goal: 0.3, by: 'difference' });
    const lines = benchTable([good, noisy, bad, row]).slice(2);
    expect(lines.map((line) => line.trim().split(/ {2,}/).slice(4))).to.deep.equal([
      ['1.000 ×', '≤ 1.1', '0.000'],
      ['1.200 ×', '≤ 1.1', '0.200', 'noise'],
      ['3.000 ×', '≤ 1', '0.000', 'worse'],
      ['0.500 s', '≤ 0.3', '0.000', 'worse'],
    ]);
  });
});
