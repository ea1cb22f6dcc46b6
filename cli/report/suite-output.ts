import type { ReportedTest } from '@backendai-e2e/api/test-report';
import { TEST_MARKS, TEST_STATES } from '@backendai-e2e/api/verdict';

/** One test as the suite's pod printed it. */
export interface PrintedTest {
  file: string;
  title: string;
  state: ReportedTest['state'];
  /** Two decimals. */
  seconds: number;
  /** When the line was written, RFC 3339, where the log carries the kubelet's timestamps. */
  at?: string;
}

const TEST_LINE = /^(.) (.+) \((\d+\.\d\d) s\)$/u;
const FILE_LINE = /^[a-z0-9][a-z0-9-]*(?:\/[a-z0-9][a-z0-9-]*)*$/;
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) /;

/** Splits a log line into its kubelet timestamp, when it has one, and the rest. */
export function splitTimestamp(line: string): { at?: string; text: string } {
  const at = TIMESTAMP.exec(line)?.[1];
  return at === undefined ? { text: line } : { at, text: line.slice(at.length + 1) };
}

/**
 * The tests in the output of a suite's pod: a line with the suite file, then a line a test, "<mark> <title> (<s> s)".
 * Ends at "Tests: …", after which errors are quoted in full. With or without timestamps.
 */
export function readSuiteOutput(output: string): PrintedTest[] {
  const tests: PrintedTest[] = [];
  let file = '';
  for (const line of output.split('\n')) {
    const { at, text } = splitTimestamp(line);
    if (text.startsWith('Tests: ')) break;
    const found = TEST_LINE.exec(text);
    const state = TEST_STATES.find((each) => TEST_MARKS[each] === found?.[1]);
    if (found && state) {
      tests.push({
        file,
        title: found[2] ?? '',
        state,
        seconds: Number(found[3]),
        ...(at === undefined ? {} : { at }),
      });
    } else if (FILE_LINE.test(text)) {
      file = text;
    }
  }
  return tests;
}
