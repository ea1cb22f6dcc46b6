import { PATTERNS } from '@backendai-e2e/api/patterns';
import { type Counts, TEST_MARKS, TEST_STATES } from '@backendai-e2e/api/verdict';
import type { Outcome } from './outcome.ts';
import { firstLine, nameOf, type ObservedTest, type TestRecord } from './test-record.ts';

/**
 * The grammar of what a suite's pod prints, for people and programs alike. Everything that prints or reads such lines
 * uses this module.
 *
 *     <suite file>                          before the first test of each file
 *     <mark> <full title> (<seconds> s)     for each test, when it ends; seconds with two decimals
 *                                           an empty line, then each error in full
 *     Tests: <numbers>                      here the tests end
 *     Verdict: <verdict> (<reason>: <message>)
 *
 * The marks are TEST_MARKS of packages/api. The kubelet may put a timestamp before each line.
 */
const TEST_LINE = /^(?<mark>.) (?<title>.+) \((?<seconds>\d+\.\d\d) s\)$/u;
const FILE_LINE = new RegExp(PATTERNS.suiteFile);
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) /;
const COUNTS_BEGIN = 'Tests: ';

/** How the error of a test begins that never began. The output does not repeat it for each of them. */
export const NOT_RUN = 'not run: ';

/** The line of one test. */
export function testLine({ state, title, seconds }: Pick<TestRecord, 'state' | 'title' | 'seconds'>): string {
  return `${TEST_MARKS[state]} ${title} (${seconds.toFixed(2)} s)`;
}

/** Reads a line of {@link testLine} back; undefined for any other line. */
export function parseTestLine(line: string): Pick<TestRecord, 'state' | 'title' | 'seconds'> | undefined {
  const { mark, title, seconds } = TEST_LINE.exec(line)?.groups ?? {};
  const state = TEST_STATES.find((key) => TEST_MARKS[key] === mark);
  return title && state ? { state, title, seconds: Number(seconds) } : undefined;
}

/** The end of the output: errors in full, numbers, verdict. */
export function closingLines(tests: readonly TestRecord[], counts: Counts, outcome: Outcome): string[] {
  const bad = tests.filter((test) => test.error !== undefined && !test.error.startsWith(NOT_RUN));
  const errors = bad.flatMap((test, index) => [
    '',
    `${index + 1}) ${nameOf(test)}`,
    ...(test.error ?? '').split('\n').map((line) => `   ${line}`.trimEnd()),
  ]);
  const numbers = Object.entries(counts)
    .filter(([name, count]) => name === 'total' || count > 0)
    .map(([name, count]) => `${count} ${name === 'knownIssue' ? 'known issue' : name}`);
  const why = [outcome.reason, firstLine(outcome.message)].filter(Boolean).join(': ');
  return [
    ...errors,
    '',
    `${COUNTS_BEGIN}${numbers.join(', ')}`,
    `Verdict: ${outcome.verdict}${why ? ` (${why})` : ''}`,
    ...(outcome.reason === 'CouldNotRun' ? (outcome.message?.split('\n').slice(1) ?? []) : []),
  ];
}

/** Splits a log line into the kubelet's timestamp (RFC 3339), where there is one, and the rest. */
export function splitTimestamp(line: string): { at?: string; text: string } {
  const at = TIMESTAMP.exec(line)?.[1];
  return at === undefined ? { text: line } : { at, text: line.slice(at.length + 1) };
}

/**
 * The tests in the output of a suite's pod, with or without the kubelet's timestamps. Reading ends at the line of
 * numbers: the errors that stand before it are indented and are no tests.
 */
export function readPrintedTests(output: string): ObservedTest[] {
  const tests: ObservedTest[] = [];
  let file = '';
  for (const line of output.split('\n')) {
    const { at, text } = splitTimestamp(line);
    if (text.startsWith(COUNTS_BEGIN)) break;
    const test = parseTestLine(text);
    if (test) tests.push({ file, ...test, ...(at === undefined ? {} : { at }) });
    else if (FILE_LINE.test(text)) file = text;
  }
  return tests;
}
