import type { ReportedTest, TestReport } from '@backendai-e2e/api/test-report';
import type { RunSuite, TestRun } from '@backendai-e2e/api/test-run';
import { isFailure } from '@backendai-e2e/api/verdict-policy';
import { create } from 'xmlbuilder2';

/** Name of the test case that stands for a suite as a whole, where it ended badly without a failed test to show for it. */
export const SUITE_CASE = '(suite)';

/** Type of a skipped test case that failed as a known issue does. */
export const KNOWN_ISSUE = 'known-issue';

/** Control characters and non-characters, most of which XML 1.0 cannot hold, not even escaped. */
const SUSPECT = /[\p{Cc}\ufffe\uffff]/gu;

/** An ampersand that the library would take for the beginning of an entity and leave as it is. */
const LOOKS_ESCAPED = /&(?=(?:lt|gt|amp|apos|quot);)/g;

/**
 * JUnit XML of a run: a testsuite for each suite (its last attempt), a testcase for each test with classname = suite
 * file and name = full title. failed → failure, inconclusive and interrupted → error, pending → skipped, known-issue →
 * skipped with that type and the failure.
 * A suite that ended badly without a failed test gets one more testcase "(suite)" with an error, so that no tool that
 * only counts test cases takes it for a success.
 */
export function junitXml(run: TestRun, reports: readonly TestReport[]): string {
  const suites = (run.status?.suites ?? []).map((suite) => suiteOf(suite, reports, run.spec.retryPolicy));
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', {
    name: run.metadata.name,
    tests: sum(suites, 'tests'),
    failures: sum(suites, 'failures'),
    errors: sum(suites, 'errors'),
    // No count of skipped tests here: Jenkins' schema has none at this place and refuses the file.
    time: suites.reduce((total, suite) => total + suite.seconds, 0).toFixed(3),
  });
  for (const suite of suites) {
    const element = root.ele('testsuite', {
      name: suite.name,
      tests: suite.tests,
      failures: suite.failures,
      errors: suite.errors,
      skipped: suite.skipped,
      time: suite.seconds.toFixed(3),
      ...(suite.startedAt ? { timestamp: suite.startedAt } : {}),
    });
    for (const one of suite.cases) {
      const testcase = element.ele('testcase', {
        classname: one.classname,
        name: clean(one.name),
        time: one.seconds.toFixed(3),
      });
      if (one.outcome) {
        const outcome = testcase.ele(one.outcome.element, {
          ...(one.outcome.message ? { message: clean(one.outcome.message) } : {}),
          ...(one.outcome.type ? { type: one.outcome.type } : {}),
        });
        if (one.outcome.text) outcome.txt(clean(one.outcome.text));
      }
    }
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

interface Case {
  classname: string;
  name: string;
  seconds: number;
  outcome?: { element: 'failure' | 'error' | 'skipped'; type?: string; message?: string; text?: string };
}

interface Suite {
  name: string;
  startedAt?: string;
  seconds: number;
  cases: Case[];
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
}

function suiteOf(
  suite: RunSuite,
  reports: readonly TestReport[],
  policy: TestRun['spec']['retryPolicy'],
): Suite {
  const report = reports.find((each) => each.metadata.name === suite.report);
  const cases = (report?.status?.tests ?? []).map(caseOf);
  const shown = cases.some((each) => each.outcome && each.outcome.element !== 'skipped');
  if (suite.verdict === 'Skipped' && cases.length === 0) cases.push(wholeSuite(suite, 'skipped'));
  else if (!shown && isFailure(suite, policy)) cases.push(wholeSuite(suite, 'error'));
  const count = (element: string): number => cases.filter((each) => each.outcome?.element === element).length;
  const startedAt = report?.status?.startedAt;
  return {
    name: suite.name,
    ...(startedAt ? { startedAt } : {}),
    seconds: suite.seconds ?? 0,
    cases,
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  };
}

function wholeSuite(suite: RunSuite, element: 'error' | 'skipped'): Case {
  return {
    classname: suite.name,
    name: SUITE_CASE,
    seconds: 0,
    outcome: {
      element,
      type: suite.reason ?? suite.verdict ?? 'NoVerdict',
      message: suite.message ?? suite.reason ?? suite.verdict ?? 'the suite never finished',
    },
  };
}

function caseOf(test: ReportedTest): Case {
  const base = { classname: test.file, name: test.title, seconds: test.seconds };
  const error = test.error ?? '';
  const message = error.split('\n', 1)[0] ?? '';
  switch (test.state) {
    case 'passed':
      return base;
    case 'pending':
      return { ...base, outcome: { element: 'skipped' } };
    case 'known-issue':
      return { ...base, outcome: { element: 'skipped', type: KNOWN_ISSUE, message, text: error } };
    case 'failed':
      return { ...base, outcome: { element: 'failure', type: 'failed', message, text: error } };
    case 'interrupted':
    case 'inconclusive':
      return { ...base, outcome: { element: 'error', type: test.state, message, text: error } };
  }
}

function sum(suites: readonly Suite[], key: 'tests' | 'failures' | 'errors'): number {
  return suites.reduce((total, suite) => total + suite[key], 0);
}

function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(SUSPECT, (found) => ('\t\n\r'.includes(found) ? found : '\ufffd'))
    .replace(LOOKS_ESCAPED, '&amp;');
}
