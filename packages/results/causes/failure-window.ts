import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRecord } from '../test-record.ts';
import type { Window } from './scene.ts';

/** Components log a little before and after a test notices. */
const MARGIN_MS = 3_000;

/** When a test ran. Older reports hold no start of a test: then the whole attempt counts. Undefined if neither is known. Pure. */
export function windowOfTest(
  test: Pick<TestRecord, 'startedAt' | 'seconds'>,
  attempt: TestReportStatus | undefined,
): Window | undefined {
  const began = Date.parse(test.startedAt ?? '');
  if (Number.isNaN(began)) return windowOfAttempt(attempt);
  return { from: began - MARGIN_MS, to: began + test.seconds * 1000 + MARGIN_MS };
}

/** When an attempt ran, or a whole run. Undefined if it is not known. Pure. */
export function windowOfAttempt(
  attempt: Pick<TestReportStatus, 'startedAt' | 'finishedAt' | 'updatedAt'> | undefined,
): Window | undefined {
  const from = Date.parse(attempt?.startedAt ?? '');
  const to = Date.parse(attempt?.finishedAt ?? attempt?.updatedAt ?? '');
  return Number.isNaN(from) || Number.isNaN(to) ? undefined : { from: from - MARGIN_MS, to: to + MARGIN_MS };
}
