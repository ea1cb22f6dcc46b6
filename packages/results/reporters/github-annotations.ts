import { plainLine, printable } from '../plain-text.ts';
import type { RunRecord } from '../run-record.ts';
import { isBad, type TestIdentity } from '../test-record.ts';
import type { MakeReporter } from './reporter.ts';
import { suiteCase } from './suite-case.ts';

/** Where a test is written. */
export interface TestPlace {
  /** Relative to the root of the repository. */
  file: string;
  /** From 1; absent where the title is not in the source as it is. */
  line?: number;
}

/**
 * GitHub shows ten errors and ten warnings of a step, and ignores the others. See the runner's limits, and "annotations" in
 * https://docs.github.com/rest/checks/runs.
 */
const MAX_OF_LEVEL = 10;
/** Characters of a message. GitHub cuts at 64 KiB, and the page of a job gets unreadable long before. */
const MAX_MESSAGE = 2_000;

interface Annotation {
  level: 'error' | 'warning';
  title: string;
  message: string;
  place?: TestPlace | undefined;
}

/**
 * Annotations of GitHub Actions for the failures of a run, written at its end. Each is a line with a command of workflows. There is
 * an error for each bad test, and for each suite that failed without one. Each flaky suite gets a warning. The last one of a
 * level counts those that GitHub would not show.
 * @param placeOf where a test is written; undefined where that is unknown
 */
export function githubAnnotations(placeOf: (test: TestIdentity) => TestPlace | undefined): MakeReporter {
  return (write) => ({
    runEnded(run) {
      for (const level of [errorsOf(run, placeOf), warningsOf(run)]) {
        for (const annotation of limited(level)) write(`${commandOf(annotation)}\n`);
      }
    },
  });
}

function errorsOf(run: RunRecord, placeOf: (test: TestIdentity) => TestPlace | undefined): Annotation[] {
  return run.suites.flatMap((suite) => {
    const tests = suite.tests.filter(isBad).map(
      (test): Annotation => ({
        level: 'error',
        title: `${suite.name}: ${test.title}`,
        message: `${test.state}: ${test.error ?? 'no error was recorded'}`,
        place: placeOf(test),
      }),
    );
    const whole = suiteCase(suite);
    return whole && !whole.skipped
      ? [
          ...tests,
          { level: 'error' as const, title: suite.name, message: `${whole.reason}: ${whole.message}` },
        ]
      : tests;
  });
}

function warningsOf({ suites }: RunRecord): Annotation[] {
  return suites
    .filter(({ verdict, failed }) => verdict === 'Flaky' && !failed)
    .map(({ name, message = 'passed on a retry' }) => ({
      level: 'warning' as const,
      title: `${name} is flaky`,
      message,
    }));
}

function limited(annotations: readonly Annotation[]): readonly Annotation[] {
  const [first] = annotations;
  if (!first || annotations.length <= MAX_OF_LEVEL) return annotations;
  const shown = annotations.slice(0, MAX_OF_LEVEL - 1);
  const more = annotations.length - shown.length;
  return [
    ...shown,
    { level: first.level, title: `${more} more`, message: `${more} more are in the summary` },
  ];
}

function commandOf({ level, title, message, place }: Annotation): string {
  const properties = {
    ...(place ? { file: place.file } : {}),
    ...(place?.line ? { line: String(place.line) } : {}),
    title: plainLine(title),
  };
  const text = printable(message);
  const cut = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…`.toWellFormed() : text;
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapedProperty(value)}`);
  return `::${level} ${list.join(',')}::${escapedData(cut)}`;
}

/** As the runner reads it back: escapeData and escapeProperty of actions/toolkit, packages/core/src/command.ts. */
function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
