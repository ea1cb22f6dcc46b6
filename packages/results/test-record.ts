import type { ReportedTest } from '@backendai-e2e/api/test-report';

/**
 * One test and how it ended. A TestReport stores records as they are. Every other view of a test is a part of this type. So a
 * field has one name and one unit everywhere.
 */
export type TestRecord = ReportedTest;

/** Which test: the suite file (relative to suites/, without extension) and the full title. */
export type TestIdentity = Pick<TestRecord, 'file' | 'title'>;

/** How a test ended. `error` holds the whole text of the failure; `reason` and `message` say why it was left out. */
export type TestEnd = Pick<TestRecord, 'state' | 'error' | 'reason' | 'message'>;

/**
 * A test as another source than its TestReport shows it: the output of a pod or a JUnit file. Such a source has neither
 * ids nor whole errors.
 */
export interface ObservedTest extends TestIdentity, Pick<TestRecord, 'state' | 'seconds'> {
  /** When the source recorded it, RFC 3339, if the source says so. */
  at?: string;
}

/** A test in one line for people: "<suite file>: <full title>". */
export function nameOf({ file, title }: TestIdentity): string {
  return `${file}: ${title}`;
}

/** The first line of a text, such as the message of an error. Empty for no text. */
export function firstLine(text = ''): string {
  return text.split('\n', 1)[0] ?? '';
}

/** Why a test was left out, in one line: "NotApplicable: the test applies since 26.9.0, …". Undefined: not known. */
export function whyLeftOut({ reason, message }: Pick<TestRecord, 'reason' | 'message'>): string | undefined {
  return [reason, message].filter(Boolean).join(': ') || undefined;
}

/** Whether a test keeps its suite from passing. Known issues and tests that the suite itself skips do not. */
export function isBad({ state }: Pick<TestRecord, 'state'>): boolean {
  return state === 'failed' || state === 'inconclusive' || state === 'interrupted';
}
