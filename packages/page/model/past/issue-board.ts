import type { HistoryRecord, HistoryTest } from '@backendai-e2e/results/history/record';
import { nameOf } from '@backendai-e2e/results/test-record';
import type { IssueRow } from '../data/past-data.ts';

/** Runs whose results count. */
const WINDOW = 50;

/**
 * The known issues of the last runs, the one due first on top. Pure.
 * @param newest records, newest first
 */
export function issueBoard(newest: readonly HistoryRecord[]): IssueRow[] {
  const today = newest[0]?.startedAt.slice(0, 10) ?? '';
  const runs = newest.slice(0, WINDOW).map(({ suites }) => suites.flatMap(({ tests }) => tests));
  const issues = new Map<string, { row: IssueRow; keys: Set<string>; often: Set<string> }>();
  for (const [place, tests] of runs.entries()) {
    for (const { issue, ...test } of tests) {
      if (!issue) continue;
      const entry = issues.get(issue.issue) ?? {
        row: {
          issue: issue.issue,
          until: issue.until,
          overdue: issue.until < today,
          ...{ shows: place === 0, tests: 0, results: 0, failed: 0 },
        },
        ...{ keys: new Set(), often: new Set() },
      };
      entry.keys.add(nameOf(test));
      if (issue.budget) {
        entry.often.add(nameOf(test));
        // The newest run has the budget that holds.
        entry.row.budget ??= issue.budget;
      }
      issues.set(issue.issue, entry);
    }
  }
  const all = runs.flat();
  return [...issues.values()]
    .map(({ row, keys, often }) => {
      // A budget is for the tests that fail only sometimes.
      const counted = row.budget ? often : keys;
      const own = all.filter((test) => counted.has(nameOf(test)) && counts(test));
      return {
        ...row,
        tests: keys.size,
        results: own.length,
        failed: own.filter(({ state }) => state === 'known-issue').length,
      };
    })
    .sort((a, b) => a.until.localeCompare(b.until) || a.issue.localeCompare(b.issue));
}

function counts({ state }: HistoryTest): boolean {
  return state === 'passed' || state === 'known-issue';
}
