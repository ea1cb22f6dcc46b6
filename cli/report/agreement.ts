import type { ReportedTest, TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { countKey } from '@backendai-e2e/api/verdict';
import { create } from 'xmlbuilder2';
import { KNOWN_ISSUE, SUITE_CASE } from './junit.ts';
import { type PrintedTest, readSuiteOutput } from './suite-output.ts';

/** What a job wrote and what the pods said, to be held against each other. */
export interface Evidence {
  run: TestRun;
  reports: readonly TestReport[];
  /** Content of junit.xml as it was written. */
  junit: string;
  /** Standard output of each attempt's pod, by the name of its TestReport. */
  outputs: ReadonlyMap<string, string>;
  /** Pods may be gone, and their outputs with them: a run of the past. Default: a missing output is a disagreement. */
  podsMayBeGone?: boolean;
}

/**
 * Compares run.json, junit.xml and the pods' own output test by test: same tests, same states, same seconds (to the
 * hundredth that the output shows). Returns a sentence for each disagreement; none means that they agree.
 *
 * Two differences are no disagreement: tests that the byte budget left out of a report (status.omitted counts them),
 * and tests that a pod printed after the last write of a report that was Interrupted.
 */
export function disagreements(evidence: Evidence): string[] {
  const junit = readJunit(evidence.junit);
  const suites = evidence.run.status?.suites ?? [];
  const fromReports = evidence.reports.flatMap((report) => {
    const tests = (report.status?.tests ?? []).map(plain);
    const place = `report ${report.metadata.name}`;
    const line = suites.find((suite) => suite.report === report.metadata.name);
    return [
      ...againstOutput(report, tests, evidence),
      ...(line
        ? compare(tests, junit.get(line.name) ?? [], place, 'junit.xml').map((line) => line.sentence)
        : []),
    ];
  });
  const unreported = suites.filter(
    (suite) => suite.report && !evidence.reports.some((report) => report.metadata.name === suite.report),
  );
  const strange = [...junit.keys()].filter((name) => !suites.some((suite) => suite.name === name));
  return [
    ...fromReports,
    ...unreported.map(
      (suite) => `suite ${suite.name}: the run names report ${suite.report}, which does not exist`,
    ),
    ...strange.map((name) => `junit.xml has a suite ${name} that the run does not have`),
    ...countsAgainstTests(evidence),
  ];
}

interface PlainTest {
  file: string;
  title: string;
  state: ReportedTest['state'];
  /** Two decimals. */
  seconds: string;
}

interface Difference {
  kind: 'state' | 'seconds' | 'only-left' | 'only-right';
  sentence: string;
}

function plain(test: ReportedTest | PrintedTest): PlainTest {
  return { file: test.file, title: test.title, state: test.state, seconds: test.seconds.toFixed(2) };
}

function againstOutput(report: TestReport, tests: PlainTest[], evidence: Evidence): string[] {
  const output = evidence.outputs.get(report.metadata.name);
  const place = `report ${report.metadata.name}`;
  const interrupted = report.status?.verdict === 'Interrupted';
  if (output === undefined) {
    return tests.length === 0 || interrupted || evidence.podsMayBeGone
      ? []
      : [`${place}: the output of its pod is not there to compare`];
  }
  const found = compare(tests, readSuiteOutput(output).map(plain), place, "its pod's output");
  const ahead = found.filter((difference) => difference.kind === 'only-right');
  const allowed = interrupted ? ahead.length : (report.status?.omitted?.tests ?? 0);
  return found
    .filter((difference) => difference.kind !== 'only-right' || ahead.length > allowed)
    .map((difference) => difference.sentence);
}

/** Both lists by file and title; equal ones (a title used twice) are paired in their order. */
function compare(left: PlainTest[], right: PlainTest[], leftName: string, rightName: string): Difference[] {
  const rest = [...right];
  const differences: Difference[] = [];
  for (const test of left) {
    const index = rest.findIndex((other) => other.file === test.file && other.title === test.title);
    const other = index < 0 ? undefined : rest.splice(index, 1)[0];
    const name = `${test.file}: ${test.title}`;
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
    } else if (other.seconds !== test.seconds) {
      differences.push({
        kind: 'seconds',
        sentence: `"${name}" took ${test.seconds} s in ${leftName} and ${other.seconds} s in ${rightName}`,
      });
    }
  }
  for (const other of rest) {
    differences.push({
      kind: 'only-right',
      sentence: `"${other.file}: ${other.title}" is in ${rightName} (${other.state}) and not in ${leftName}`,
    });
  }
  return differences;
}

/** The counts that people read must be those of the tests that stand below them. */
function countsAgainstTests(evidence: Evidence): string[] {
  return evidence.reports.flatMap((report) => {
    const { counts, tests, omitted } = report.status ?? {};
    if (!counts || !tests || (omitted?.tests ?? 0) > 0) return [];
    return (['passed', 'failed', 'known-issue'] as const).flatMap((state) => {
      const actual = tests.filter((test) => test.state === state).length;
      const counted = counts[countKey(state)] ?? 0;
      return actual === counted
        ? []
        : [`report ${report.metadata.name} counts ${counted} ${state} and lists ${actual}`];
    });
  });
}

/** What is needed of an element of the DOM. */
interface XmlElement {
  nodeName: string;
  childNodes: Iterable<XmlElement>;
  getAttribute(name: string): string | null;
}

function below(element: XmlElement, name: string): XmlElement[] {
  return [...element.childNodes].filter((child) => child.nodeName === name);
}

function attribute(element: XmlElement, name: string): string {
  return element.getAttribute(name) ?? '';
}

/** The tests of a JUnit file by suite, without the cases that stand for whole suites. */
function readJunit(xml: string): Map<string, PlainTest[]> {
  // The library declares a Node, and the root of a document is an Element. Its own way to plain objects leaves "&" and "<"
  // of attributes escaped.
  const root = create(xml).root().node as unknown as XmlElement;
  return new Map(
    below(root, 'testsuite').map((suite) => [
      attribute(suite, 'name'),
      below(suite, 'testcase')
        .filter((one) => attribute(one, 'name') !== SUITE_CASE)
        .map((one) => ({
          file: attribute(one, 'classname'),
          title: attribute(one, 'name'),
          state: stateOf(one),
          seconds: Number(attribute(one, 'time')).toFixed(2),
        })),
    ]),
  );
}

function stateOf(one: XmlElement): ReportedTest['state'] {
  if (below(one, 'failure').length > 0) return 'failed';
  const [skipped] = below(one, 'skipped');
  if (skipped) return attribute(skipped, 'type') === KNOWN_ISSUE ? 'known-issue' : 'pending';
  const [error] = below(one, 'error');
  if (error) return attribute(error, 'type') === 'inconclusive' ? 'inconclusive' : 'interrupted';
  return 'passed';
}
