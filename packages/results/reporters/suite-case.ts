import type { SuiteRecord } from '../run-record.ts';
import { isBad } from '../test-record.ts';

/** Name of the test case that stands for a whole suite. */
export const SUITE_CASE = '(suite)';

/** A whole suite as one more test case. */
export interface SuiteCase {
  /** Whether the suite was skipped. Otherwise it ended badly. */
  skipped: boolean;
  /** PascalCase. */
  reason: string;
  message: string;
}

/**
 * The case that stands for a whole suite. The suite ended badly without a bad test, or it was skipped before it had a test. A
 * tool that counts test cases alone then takes neither for a success. Undefined where the tests show everything.
 */
export function suiteCase(suite: SuiteRecord): SuiteCase | undefined {
  const { verdict, reason, message, tests, failed } = suite;
  const skipped = verdict === 'Skipped' && tests.length === 0;
  if (!skipped && (!failed || tests.some(isBad))) return undefined;
  return {
    skipped,
    reason: reason ?? verdict ?? 'NoVerdict',
    message: message ?? reason ?? verdict ?? 'the suite never finished',
  };
}
