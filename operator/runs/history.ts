import type { TestRun } from '../api/test-run.ts';
import type { TestSuiteStatus } from '../api/test-suite.ts';
import { isFinished } from './queue.ts';

/** Verdicts kept in a TestSuite's status. */
const KEPT = 20;

/**
 * The record of a suite: what its status held already (runs may be deleted since) and the finished runs that exist.
 * Newest first. Rates are rounded to three decimals, so that they do not change in the last digit only.
 */
export function suiteHistory(
  suite: string,
  before: TestSuiteStatus | undefined,
  runs: readonly TestRun[],
): TestSuiteStatus {
  const known = new Map((before?.lastVerdicts ?? []).map((entry) => [`${entry.run}/${entry.at}`, entry]));
  for (const run of runs) {
    const line = run.status?.suites?.find((candidate) => candidate.name === suite);
    const at = run.status?.finishedAt;
    if (!isFinished(run) || !line?.verdict || !at) continue;
    known.set(`${run.metadata.name}/${at}`, {
      run: run.metadata.name,
      verdict: line.verdict,
      at,
      ...(line.seconds === undefined ? {} : { seconds: line.seconds }),
    });
  }
  const lastVerdicts = [...known.values()]
    .sort((a, b) => b.at.localeCompare(a.at) || a.run.localeCompare(b.run))
    .slice(0, KEPT);
  if (lastVerdicts.length === 0) return {};
  const good = new Set(['Passed', 'KnownIssue']);
  const passed = lastVerdicts.filter((entry) => good.has(entry.verdict)).length;
  const flips = lastVerdicts.filter(
    (entry, index) => index > 0 && entry.verdict !== lastVerdicts[index - 1]?.verdict,
  ).length;
  return {
    lastVerdicts,
    passRate: rounded(passed / lastVerdicts.length),
    ...(lastVerdicts.length > 1 ? { flipRate: rounded(flips / (lastVerdicts.length - 1)) } : {}),
  };
}

function rounded(share: number): number {
  return Math.round(share * 1000) / 1000;
}
