import { testReport } from '@backendai-e2e/api/object-fixtures';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { expect } from 'chai';
import { FUZZ, SENTENCES } from './sentences.ts';

/** What the fuzz accepts of a report whose end this manager wrote. */
function sentenceOf(manager: string, status: TestReportStatus): string | undefined {
  const report = testReport('alpha', { status });
  const fieldsV1 = { 'f:status': { 'f:final': {} } };
  const managedFields = [{ manager, operation: 'Apply', subresource: 'status', fieldsV1 }];
  const stored = { ...report, metadata: { ...report.metadata, managedFields } };
  return SENTENCES.TestReport(stored);
}
const closed = { startedAt: '2026-01-01T00:00:00Z', final: true, verdict: 'Interrupted' } as const;

describe('the sentence that the fuzz wants of a report', () => {
  it('is the reason of the operator that closed it', () => {
    expect(sentenceOf('operator', { ...closed, message: 'the Job is gone' })).to.equal('the Job is gone');
    expect(sentenceOf('operator', closed)).to.equal(undefined);
    expect(sentenceOf('operator', { startedAt: closed.startedAt })).to.equal(undefined);
  });

  it('is none where its author ended it', () => {
    expect(sentenceOf(FUZZ, closed)).to.include('its author');
  });
});
