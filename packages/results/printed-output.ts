import { PATTERNS } from '@backendai-e2e/api/patterns';
import { type Counts, TEST_MARKS, TEST_STATES } from '@backendai-e2e/api/verdict';
import type { Outcome } from './outcome.ts';
import { firstLine, nameOf, type ObservedTest, type TestRecord, whyLeftOut } from './test-record.ts';

/**
 * The grammar of what a suite's pod prints, for people and programs alike. Everything that prints or reads such lines
 * uses this module.
 *
 *     <suite file>                          before the first test of each file
 *     <mark> <full title> (<seconds> s)     for each test, when it ends; seconds with two decimals
 *       <reason>: <message>                 below a test that was left out, if there is a reason
 *                                           an empty line, then each error in full
 *     Tests: <numbers>                      here the tests end
 *     Verdict: <verdict> (<reason>: <message>)
 *
 * The marks are TEST_MARKS of packages/api. The kubelet may put a timestamp before each line. Tests print between these
 * lines whatever they like, so what is read here is evidence for people: it decides nothing.
 */
const TEST_LINE = /^(?<mark>.) (?<title>.+) \((?<seconds>\d+\.\d\d) s\)$/u;
const FILE_LINE = new RegExp(PATTERNS.suiteFile);
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /;
const ZONED = /^(?<time>[^.+Z]{19})(?<fraction>\.\d+)?(?<zone>.+)$/;
const COUNTS_BEGIN = 'Tests: ';
const COUNTS_LINE = /^Tests: \d+ total(, \d+ [a-z ]+)*$/;
const VERDICT_BEGIN = 'Verdict: ';

/** How the error of a test begins that never began. The output does not repeat it for each of them. */
export const NOT_RUN = 'not run: ';

/** The line of one test. */
export function testLine({ state, title, seconds }: Pick<TestRecord, 'state' | 'title' | 'seconds'>): string {
  return `${TEST_MARKS[state]} ${title} (${seconds.toFixed(2)} s)`;
}

/** The line below that of a test which was left out for a reason; none for other tests. */
export function leftOutLines(test: Pick<TestRecord, 'reason' | 'message'>): string[] {
  const why = whyLeftOut(test);
  return why === undefined ? [] : [`  ${why}`];
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
    `${VERDICT_BEGIN}${outcome.verdict}${why ? ` (${why})` : ''}`,
    ...(outcome.reason === 'CouldNotRun' ? (outcome.message?.split('\n').slice(1) ?? []) : []),
  ];
}

/**
 * Splits a log line into the kubelet's timestamp, where there is one, and the rest. The timestamp is RFC 3339 in UTC,
 * whatever the node's time zone is.
 */
export function splitTimestamp(line: string): { at?: string; text: string } {
  const at = TIMESTAMP.exec(line)?.[1];
  return at === undefined ? { text: line } : { at: inUtc(at), text: line.slice(at.length + 1) };
}

/**
 * The tests in the output of a suite's pod, with or without the kubelet's timestamps. Reading ends at the last line of numbers
 * that a verdict follows. The errors before it are indented and are no tests.
 * @param files suite files of the attempt. Without them, every line that looks like one is one.
 */
export function readPrintedTests(output: string, files?: ReadonlySet<string>): ObservedTest[] {
  const lines = output.split('\n').map(splitTimestamp);
  const end = lines.findLastIndex(
    ({ text }, index) => COUNTS_LINE.test(text) && lines[index + 1]?.text.startsWith(VERDICT_BEGIN),
  );
  const tests: ObservedTest[] = [];
  let file = '';
  for (const { at, text } of end < 0 ? lines : lines.slice(0, end)) {
    const test = parseTestLine(text);
    if (test) tests.push({ file, ...test, ...(at === undefined ? {} : { at }) });
    else if (FILE_LINE.test(text) && (files?.has(text) ?? text.includes('/'))) file = text;
  }
  return tests;
}

/** The same moment with "Z". The kubelet writes nanoseconds, which Date cuts: they are kept as they are. */
function inUtc(at: string): string {
  const { time = '', fraction = '', zone = 'Z' } = ZONED.exec(at)?.groups ?? {};
  if (zone === 'Z') return at;
  return `${new Date(`${time}${zone}`).toISOString().slice(0, 19)}${fraction}Z`;
}
