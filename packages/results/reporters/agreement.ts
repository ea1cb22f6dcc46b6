import type { TestReport } from '@backendai-e2e/api/test-report';
import { countKey } from '@backendai-e2e/api/verdict';
import { printable } from '../plain-text.ts';
import { type RunObjects, runRecord } from '../run-record.ts';
import { nameOf, type ObservedTest } from '../test-record.ts';
import { caseNames } from './junit-names.ts';

/** The results to compare. */
export interface Sources extends RunObjects {
  /** Tests in junit.xml, by the name of their suite. */
  junit: ReadonlyMap<string, readonly ObservedTest[]>;
}

/**
 * Compares run.json and junit.xml test by test. They must have the same tests, states and seconds (to the hundredth). Counts must
 * be those of the tests. Returns a sentence for each disagreement; none means that they agree.
 */
export function disagreements(sources: Sources): string[] {
  const { run, reports, junit } = sources;
  const suites = run.status?.suites ?? [];
  const names = caseNames(runRecord(sources));
  const ofReports = reports.flatMap((report) => {
    const place = placeOf(report);
    const line = suites.find((suite) => suite.report === report.metadata.name);
    const named = line ? names.get(line.name) : undefined;
    const tests = (report.status?.tests ?? []).map((test, index) => ({ ...test, ...named?.[index] }));
    return [
      ...(line ? compare(tests, junit.get(line.name) ?? [], place, 'junit.xml').map(sentenceOf) : []),
      ...countsAgainstTests(report),
    ];
  });
  const unreported = suites.filter(
    ({ report }) => report && !reports.some(({ metadata }) => metadata.name === report),
  );
  const unknown = [...junit.keys()].filter((name) => !suites.some((suite) => suite.name === name));
  return [
    ...ofReports,
    ...unreported.map(
      ({ name, report }) => `suite ${name}: the run names report ${report}, which does not exist`,
    ),
    ...unknown.map((name) => `junit.xml has a suite ${name} that the run does not have`),
  ];
}

interface Difference {
  kind: 'state' | 'seconds' | 'only-left' | 'only-right';
  sentence: string;
}

function sentenceOf({ sentence }: Difference): string {
  return sentence;
}

function placeOf(report: TestReport): string {
  return `report ${report.metadata.name}`;
}

/**
 * Compares each report with what its pod printed. The differences are notes, not disagreements. A test may print a line that
 * looks like a result, or replace the stream. A node throws old lines and deleted pods away.
 *
 * Two differences are not even a note:
 * - tests that the byte budget left out of a report (status.omitted counts them)
 * - tests that a pod printed after the last write of a report that was Interrupted
 * @param printed tests that each attempt's pod printed, by the name of its TestReport
 */
export function outputNotes(
  reports: readonly TestReport[],
  printed: ReadonlyMap<string, readonly ObservedTest[]>,
): string[] {
  return reports.flatMap((report) => againstOutput(report, printed.get(report.metadata.name)));
}

function againstOutput(report: TestReport, output: readonly ObservedTest[] | undefined): string[] {
  const tests = report.status?.tests ?? [];
  const interrupted = report.status?.verdict === 'Interrupted';
  if (output === undefined) {
    return tests.length === 0 || interrupted ? [] : [`${placeOf(report)}: the output of its pod is gone`];
  }
  const found = compare(tests, output, placeOf(report), "its pod's output");
  const lost = found.filter(({ kind }) => kind === 'only-left').length;
  const ahead = found.filter(({ kind }) => kind === 'only-right').length;
  const allowed = interrupted ? ahead : (report.status?.omitted?.tests ?? 0);
  return [
    ...(lost > 0
      ? [`${placeOf(report)}: ${lost} of its ${tests.length} tests are not in its pod's output`]
      : []),
    ...found
      .filter(({ kind }) => kind !== 'only-left' && (kind !== 'only-right' || ahead > allowed))
      .map(sentenceOf),
  ];
}

/** Both lists by file and title. Tests of the same title are paired in their order. */
function compare(
  left: readonly ObservedTest[],
  right: readonly ObservedTest[],
  leftName: string,
  rightName: string,
): Difference[] {
  const rest = [...right];
  const differences: Difference[] = [];
  for (const test of left) {
    const name = printable(nameOf(test));
    const index = rest.findIndex((other) => printable(nameOf(other)) === name);
    const other = index < 0 ? undefined : rest.splice(index, 1)[0];
    const [took, tookThere] = [test.seconds.toFixed(2), other?.seconds.toFixed(2)];
    if (!other) {
      differences.push({
        kind: 'only-left',
        sentence: `"${name}" is in ${leftName} (${test.state}) and not in ${rightName}`,
      });
    } else if (other.state !== test.state) {
      differences.push({
        kind: 'state',
        sentence: `"${name}" is ${test.state} in ${leftName} and ${other.state} in ${rightName}`,
      });
    } else if (took !== tookThere) {
      differences.push({
        kind: 'seconds',
        sentence: `"${name}" took ${took} s in ${leftName} and ${tookThere} s in ${rightName}`,
      });
    }
  }
  for (const other of rest) {
    differences.push({
      kind: 'only-right',
      sentence: `"${nameOf(other)}" is in ${rightName} (${other.state}) and not in ${leftName}`,
    });
  }
  return differences;
}

/** Counts must be those of the tests listed below them. */
function countsAgainstTests(report: TestReport): string[] {
  const { counts, tests, omitted } = report.status ?? {};
  if (!counts || !tests || (omitted?.tests ?? 0) > 0) return [];
  return (['passed', 'failed', 'known-issue'] as const).flatMap((state) => {
    const actual = tests.filter((test) => test.state === state).length;
    const counted = counts[countKey(state)] ?? 0;
    return actual === counted ? [] : [`${placeOf(report)} counts ${counted} ${state} and lists ${actual}`];
  });
}
