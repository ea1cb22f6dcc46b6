import { expect } from 'chai';
import { benchPage } from './bench-page.ts';
import { benchRow } from './bench-row.ts';

const AT = new Date('2026-01-01T00:00:00Z');

describe('the page of a bench', () => {
  it('has each row with its goal, its trials and its judgement', () => {
    const rows = [
      benchRow('one suite', [2, 4, 3], [2, 2, 2], { goal: 1.1 }),
      benchRow('the runner', [0.4, 0.4], [0.2, 0.2], { goal: 0.3, by: 'difference' }),
    ];
    const page = benchPage(rows, [], AT);
    expect(page.match(/<circle/g)).to.have.length(5);
    expect(page).to.include('aria-label="ratio 1.5, goal 1.1: beyond its goal by less than its spread"');
    expect(page).to.include('aria-label="difference 0.2, goal 0.3: within its goal"');
    expect(page).to.include('<dd>≤ 0.3 s</dd>').and.not.include('Not measured');
    expect(page).not.to.match(/NaN|Infinity|undefined/);
  });

  it('says what was not measured, and lets no text become markup', () => {
    const page = benchPage([], ['one suite: <script>alert(1)</script>'], AT);
    expect(page).to.include('Not measured').and.include('&#60;script&#62;').and.not.include('<script');
  });

  it('plots a difference below zero', () => {
    const row = benchRow('faster', [0.1, 0.1], [0.2, 0.2], { goal: 0.3, by: 'difference' });
    expect(benchPage([row], [], AT)).not.to.match(/width="-|NaN/);
  });
});
