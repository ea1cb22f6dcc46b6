import type { TestReport } from '@backendai-e2e/api/test-report';
import { report, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { rendered } from '../terminal/output.ts';
import { budgetRecords } from './budgets.ts';
import { flakyTable } from './flaky.ts';

const LISTED = 'known issue "slots leak" (26.9.6), until 2027-01-20, at most 2 of 4';

/** Reports of runs on successive days: in each, the test "a" fails as listed or passes. */
function days(...failed: boolean[]): TestReport[] {
  return failed.map((one, index) =>
    report(
      's',
      [
        one
          ? test('a', { state: 'known-issue', error: `${LISTED}\nWaitTimeout: lost` })
          : test('a', { state: 'passed' }),
        test('b'),
      ],
      { startedAt: `2026-01-0${index + 1}T00:00:00Z` },
    ),
  );
}

describe('the budgets of known issues across runs', () => {
  it('count the last tests, whatever the order of the reports', () => {
    const [record] = budgetRecords(days(true, true, false, false, false, true).reverse());
    expect(record).to.deep.equal({
      issue: 'known issue "slots leak" (26.9.6)',
      failed: 1,
      tests: 4,
      most: 2,
      of: 4,
      over: false,
    });
  });

  it('are exceeded by one failure more, and the table says so', () => {
    const reports = days(true, true, false, true);
    expect(budgetRecords(reports)[0]).to.include({ failed: 3, tests: 4, over: true });
    expect(rendered(flakyTable([], reports, false), 'table', undefined)).to.match(
      /slots leak.* +3 of 4 +2 of 4 +over its budget/,
    );
  });
});
