import type { ReportedTest } from '@backendai-e2e/api/test-report';
import { TEST_MARKS, TEST_STATES } from '@backendai-e2e/api/verdict';
import type { Counts, Outcome } from './outcome.ts';

/**
 * What the runner prints, made for people and for programs alike. Every test is one line when it ends:
 *
 *     <mark> <full title> (<seconds> s)
 *
 * mark: ✔ passed, ✘ failed, ○ skipped, ◌ interrupted, ? inconclusive, ≈ failed as a known issue does. seconds with two
 * decimals, as in the report. A line with the suite file stands before the first test of each file. Failures follow in
 * full at the end.
 */
export function testLine(test: ReportedTest): string {
  return `${TEST_MARKS[test.state]} ${test.title} (${test.seconds.toFixed(2)} s)`;
}

/** Reads a line of {@link testLine} back; undefined for any other line. */
export function parseTestLine(line: string): Pick<ReportedTest, 'state' | 'title' | 'seconds'> | undefined {
  const found = /^(.) (.+) \((\d+\.\d\d) s\)$/u.exec(line);
  const state = TEST_STATES.find((key) => TEST_MARKS[key] === found?.[1]);
  return found && state ? { state, title: found[2] ?? '', seconds: Number(found[3]) } : undefined;
}

/** How the error of a test begins that never began; the output need not repeat it for each of them. */
export const NOT_RUN = 'not run: ';

/** The end of the output: errors in full, numbers, verdict. */
export function closingLines(tests: readonly ReportedTest[], counts: Counts, outcome: Outcome): string[] {
  const bad = tests.filter((test) => test.error !== undefined && !test.error.startsWith(NOT_RUN));
  const errors = bad.flatMap((test, index) => [
    '',
    `${index + 1}) ${test.file}: ${test.title}`,
    ...(test.error ?? '').split('\n').map((line) => `   ${line}`.trimEnd()),
  ]);
  const numbers = Object.entries(counts)
    .filter(([name, count]) => name === 'total' || count > 0)
    .map(([name, count]) => `${count} ${name === 'knownIssue' ? 'known issue' : name}`);
  const why = [outcome.reason, outcome.message?.split('\n', 1)[0]].filter(Boolean).join(': ');
  return [
    ...errors,
    '',
    `Tests: ${numbers.join(', ')}`,
    `Verdict: ${outcome.verdict}${why ? ` (${why})` : ''}`,
    ...(outcome.reason === 'CouldNotRun' ? (outcome.message?.split('\n').slice(1) ?? []) : []),
  ];
}
