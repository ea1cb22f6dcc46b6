import { HISTORY_VERSION, type HistoryRecord, type HistorySuite, type HistoryTest } from './record.ts';

/** Records as a history holds them, for specs. */

/** A passed test of a record, with other fields where given. */
export function pastTest(title: string, more: Partial<HistoryTest> = {}): HistoryTest {
  return { file: 'area/one', title, state: 'passed', seconds: 0.25, ...more };
}

/** A suite of a record with its tests. */
export function pastSuite(
  name: string,
  tests: HistoryTest[],
  more: Partial<HistorySuite> = {},
): HistorySuite {
  return {
    ...{ name, environment: 'e2e', verdict: 'Passed', seconds: 2, attempts: 1, tests, measurements: [] },
    ...more,
  };
}

/** The run of a day (1 is the first of January 2026). */
export function pastRun(
  day: number,
  suites: HistorySuite[],
  more: Partial<HistoryRecord> = {},
): HistoryRecord {
  const at = Date.parse('2026-01-01T02:00:00Z') + (day - 1) * 86_400_000;
  return {
    version: HISTORY_VERSION,
    uid: `00000000-0000-4000-8000-${String(day).padStart(12, '0')}`,
    name: `run-${day}`,
    startedAt: new Date(at).toISOString(),
    finishedAt: new Date(at + 1_800_000).toISOString(),
    verdict: 'Passed',
    environments: ['e2e'],
    backendAi: ['26.9.6'],
    tested: [{ name: 'manager', version: '26.9.6', digest: 'sha256:aa' }],
    testing: [{ name: 'command', version: '0.2.0' }],
    suites,
    ...more,
  };
}
