import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import { firstLine, nameOf, type TestIdentity } from '@backendai-e2e/results/test-record';
import type { Shown } from '../terminal/output.ts';
import { fitted } from '../terminal/table.ts';
import { type BudgetRecord, budgetRecords } from './budgets.ts';

/** A suite's last verdicts, newest first, and its rates (0 to 1). */
export interface SuiteHistory {
  suite: string;
  verdicts: Verdict[];
  passRate: number;
  flipRate: number;
}

/** A test that both passed and failed in the attempts whose reports exist. */
export interface FlakyTest extends TestIdentity {
  suite: string;
  passed: number;
  failed: number;
  /** First line of its newest error. */
  error: string;
}

/**
 * The suites whose verdict changed, most often first, and the tests that both passed and failed, also within one run. It also
 * says how often intermittent known issues showed. Reads TestSuite.status and the TestReports that exist. Pure.
 * @param all also suites whose verdict did not change
 */
export function flakyRecord(
  suites: readonly TestSuite[],
  reports: readonly TestReport[],
  all: boolean,
): { suites: SuiteHistory[]; tests: FlakyTest[]; budgets: BudgetRecord[] } {
  const records = suites
    .flatMap(({ metadata, status }) => {
      const verdicts = (status?.lastVerdicts ?? []).map((entry) => entry.verdict);
      if (verdicts.length === 0) return [];
      const { passRate = 0, flipRate = 0 } = status ?? {};
      return [{ suite: metadata.name, verdicts, passRate, flipRate }];
    })
    .filter((record) => all || record.flipRate > 0 || record.verdicts.includes('Flaky'))
    .sort((a, b) => b.flipRate - a.flipRate || a.suite.localeCompare(b.suite));
  return { suites: records, tests: flakyTests(reports), budgets: budgetRecords(reports) };
}

/** The record as a result of a command. */
export function flakyTable(
  suites: readonly TestSuite[],
  reports: readonly TestReport[],
  all: boolean,
): Shown {
  const data = flakyRecord(suites, reports, all);
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  return {
    data,
    table: (columns) => [
      ...(data.suites.length === 0
        ? ['No suite changed its verdict in the recorded runs.']
        : fitted(
            ['suite', 'flips', 'passed', 'last verdicts, newest first'],
            data.suites.map((record) => [
              record.suite,
              percent(record.flipRate),
              percent(record.passRate),
              record.verdicts.map((verdict) => VERDICT_POLICY[verdict].mark).join(''),
            ]),
            columns,
          )),
      ...(data.tests.length === 0
        ? []
        : [
            '',
            ...fitted(
              ['test', 'passed', 'failed', 'last error'],
              data.tests.map((test) => [nameOf(test), String(test.passed), String(test.failed), test.error]),
              columns,
            ),
          ]),
      ...(data.budgets.length === 0
        ? []
        : [
            '',
            ...fitted(
              ['intermittent known issue', 'failed', 'budget', ''],
              data.budgets.map(({ issue, failed, tests, most, of, over }) => [
                issue,
                `${failed} of ${tests}`,
                `${most} of ${of}`,
                over ? 'over its budget' : '',
              ]),
              columns,
            ),
          ]),
    ],
  };
}

function flakyTests(reports: readonly TestReport[]): FlakyTest[] {
  const tests = new Map<string, FlakyTest>();
  const oldestFirst = [...reports].sort((a, b) =>
    (a.status?.startedAt ?? '').localeCompare(b.status?.startedAt ?? ''),
  );
  for (const { spec, status } of oldestFirst) {
    for (const { file, title, state, error } of status?.tests ?? []) {
      const key = `${spec.suite}\n${file}\n${title}`;
      const test = tests.get(key) ?? { suite: spec.suite, file, title, passed: 0, failed: 0, error: '' };
      if (state === 'passed') test.passed += 1;
      if (state === 'failed') {
        test.failed += 1;
        test.error = firstLine(error);
      }
      tests.set(key, test);
    }
  }
  return [...tests.values()]
    .filter((test) => test.passed > 0 && test.failed > 0)
    .sort((a, b) => b.failed - a.failed || a.title.localeCompare(b.title));
}
