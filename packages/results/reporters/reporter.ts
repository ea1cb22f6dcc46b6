import type { AttemptRecord, RunRecord, SuiteRecord } from '../run-record.ts';
import type { TestRecord } from '../test-record.ts';

/**
 * Shows a run in one form: the output of a pod, JUnit XML, Markdown, the progress on a terminal. A reporter gets plain data and
 * writes text to the {@link Write} that it was made with. The caller decides where the text goes. A reporter implements the events
 * that it needs. They come in this order:
 *
 *     runStarted, (suiteStarted, testEnded*, suiteEnded)*, runEnded
 *
 * Suites that run side by side interleave. A suite that never starts has a suiteEnded alone. A suite that is tried again
 * has a suiteStarted for each attempt.
 */
export interface Reporter {
  /** The run exists; what it holds so far. */
  runStarted?(run: RunRecord): void;
  /** An attempt at a suite begins. */
  suiteStarted?(suite: SuiteRecord): void;
  testEnded?(test: TestRecord, suite: SuiteRecord): void;
  /** A suite has its verdict; no further attempt follows. */
  suiteEnded?(suite: SuiteRecord): void;
  /** Nothing follows. A run that is shown before its end has no `succeeded.status` of True or False. */
  runEnded?(run: RunRecord): void;
}

/** Takes text of a reporter, with its newlines. */
export type Write = (text: string) => void;

/** Makes a reporter that writes to `write`. */
export type MakeReporter = (write: Write) => Reporter;

/** Takes a whole file of a reporter that needs several. Its name has no folder. */
export type WriteFile = (name: string, text: string) => void;

/** Makes a reporter that writes files into one folder. */
export type MakeFolderReporter = (write: WriteFile) => Reporter;

/** Plays a run as it stands to a reporter: the deciding attempt of each suite, then the end. */
export function play(run: RunRecord, reporter: Reporter): void {
  reporter.runStarted?.(run);
  for (const suite of run.suites) {
    reporter.suiteStarted?.(suite);
    for (const test of suite.tests) reporter.testEnded?.(test, suite);
    reporter.suiteEnded?.(suite);
  }
  reporter.runEnded?.(run);
}

/**
 * Plays what happened between two looks at the same run, for a reporter that follows it. Equal looks give no event.
 * @param before undefined for the first look
 */
export function playChanges(before: RunRecord | undefined, after: RunRecord, reporter: Reporter): void {
  if (!before) reporter.runStarted?.(after);
  const old = new Map((before?.suites ?? []).map((suite) => [suite.name, suite]));
  for (const suite of after.suites) {
    const was = old.get(suite.name);
    const moved = was?.state !== suite.state || was.attempt !== suite.attempt;
    const isLast = ({ report }: AttemptRecord): boolean => report === suite.report;
    const earlier = suite.attempts.filter((attempt) => !isLast(attempt));
    for (const test of newTests(was, earlier)) reporter.testEnded?.(test, suite);
    if (moved && suite.state === 'Running') reporter.suiteStarted?.(suite);
    for (const test of newTests(was, suite.attempts.filter(isLast))) reporter.testEnded?.(test, suite);
    if (moved && suite.state === 'Finished') reporter.suiteEnded?.(suite);
  }
  if (isDecided(after) && !isDecided(before)) reporter.runEnded?.(after);
}

/** The text that a reporter writes about a run as it stands. */
export function reported(make: MakeReporter, run: RunRecord): string {
  let text = '';
  play(
    run,
    make((more) => {
      text += more;
    }),
  );
  return text;
}

/** The files that a reporter writes about a run as it stands, by name. */
export function reportedFiles(make: MakeFolderReporter, run: RunRecord): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  play(
    run,
    make((name, text) => files.set(name, text)),
  );
  return files;
}

function newTests(before: SuiteRecord | undefined, attempts: readonly AttemptRecord[]): TestRecord[] {
  const known = new Map((before?.attempts ?? []).map(({ report, tests }) => [report, tests]));
  return attempts.flatMap(({ report, tests }) => {
    const ids = new Set((known.get(report) ?? []).map(({ id }) => id));
    return tests.filter(({ id }) => !ids.has(id));
  });
}

function isDecided(run: RunRecord | undefined): boolean {
  return run?.succeeded?.status === 'True' || run?.succeeded?.status === 'False';
}
