import { LIMITS } from '@backendai-e2e/api/limits';
import { testReport } from '@backendai-e2e/api/object-fixtures';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { expect } from 'chai';
import { transformReport } from '../reports/cache-transform.ts';
import { reportInBudget } from './report-budget.ts';

const test = (index: number, error?: string) => ({
  ...{
    id: String(index),
    file: 'area/file',
    title: `${index} `.padEnd(1_000, 'x'),
    state: 'failed' as const,
  },
  ...{ seconds: 1, ...(error ? { error } : {}) },
});
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const titles: TestReportStatus = {
  ...{ final: true, verdict: 'Failed' },
  tests: Array.from({ length: 1_200 }, (_, index) => test(index)),
};

describe('a report beyond its budget', () => {
  it('takes no more memory than its budget, in the cache and in the record of its run', () => {
    const report = testReport('alpha', { status: titles });
    expect(bytes(report)).to.be.greaterThan(1_200_000);
    for (const kept of [transformReport(report), reportInBudget(report)]) {
      expect(bytes(kept)).to.be.lessThan(LIMITS.reportBytes + 2_000);
      const { tests = [], omitted } = kept.status ?? {};
      expect(tests.length).to.be.greaterThan(100);
      expect(tests.length + (omitted?.tests ?? 0)).to.equal(1_200);
    }
  });

  it('loses the end of its errors before it loses tests', () => {
    const report = testReport('alpha', { status: { tests: [test(0, 'e'.repeat(600_000)), test(1)] } });
    const kept = reportInBudget(report).status;
    expect(kept?.tests?.map(({ id }) => id)).to.deep.equal(['0', '1']);
    expect(kept?.tests?.[0]?.error).to.have.length(1_000);
  });

  it('stays as it is within the budget', () => {
    const report = testReport('alpha', { status: { tests: [test(0, 'e')], hooks: [] } });
    expect(reportInBudget(report)).to.equal(report);
  });
});
