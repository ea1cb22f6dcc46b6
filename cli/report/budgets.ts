import type { ReportedTest, TestReport } from '@backendai-e2e/api/test-report';
import { knownIssueName, readKnownIssueLine } from '@backendai-e2e/results/known-issue-line';
import { firstLine } from '@backendai-e2e/results/test-record';

/** How often the intermittent tests of a known issue failed in the attempts whose reports exist. */
export interface BudgetRecord {
  /** The known issue, with the version of Backend.AI. */
  issue: string;
  /** Number of failures among the last `tests`, of which there are at most `of`. */
  failed: number;
  tests: number;
  /** The budget: at most `most` of `of`. */
  most: number;
  of: number;
  over: boolean;
}

/**
 * The known issues with a budget, across attempts and runs: those over it first. A test counts from the reports in which it
 * passed or failed as listed. Pure.
 */
export function budgetRecords(reports: readonly TestReport[]): BudgetRecord[] {
  const tests = [...reports]
    .sort((a, b) => (a.status?.startedAt ?? '').localeCompare(b.status?.startedAt ?? ''))
    .flatMap(({ status }) => status?.tests ?? []);
  const budgets = new Map<string, { most: number; of: number; keys: Set<string> }>();
  for (const test of tests) {
    const line = readKnownIssueLine(firstLine(test.error));
    if (test.state !== 'known-issue' || !line?.budget) continue;
    const issue = knownIssueName(line);
    const keys = budgets.get(issue)?.keys ?? new Set();
    // The newest attempt has the budget that holds.
    budgets.set(issue, { ...line.budget, keys: keys.add(keyOf(test)) });
  }
  return [...budgets]
    .map(([issue, { most, of, keys }]) => {
      const seen = tests.filter(
        (test) => keys.has(keyOf(test)) && (test.state === 'passed' || test.state === 'known-issue'),
      );
      const last = seen.slice(-of);
      const failed = last.filter(({ state }) => state === 'known-issue').length;
      return { issue, failed, tests: last.length, most, of, over: failed > most };
    })
    .sort((a, b) => Number(b.over) - Number(a.over) || b.failed - a.failed || a.issue.localeCompare(b.issue));
}

function keyOf({ file, title }: Pick<ReportedTest, 'file' | 'title'>): string {
  return `${file}\n${title}`;
}
