import type { TestState } from '@backendai-e2e/api/verdict';
import { DOMImplementation, DOMParser, type Document, type Element, XMLSerializer } from '@xmldom/xmldom';
import { printable } from '../plain-text.ts';
import type { RunRecord, SuiteRecord } from '../run-record.ts';
import { firstLine, type ObservedTest, type TestIdentity, type TestRecord } from '../test-record.ts';
import { caseNames } from './junit-names.ts';
import type { Reporter, Write } from './reporter.ts';
import { SUITE_CASE, type SuiteCase, suiteCase } from './suite-case.ts';

type Attributes = Record<string, string | number | undefined>;

/** What a test case holds below it, if the test did not pass. */
interface CaseOutcome {
  element: 'failure' | 'error' | 'skipped';
  type?: string | undefined;
  message?: string;
  text?: string;
}

interface Case {
  attributes: Attributes;
  outcome?: CaseOutcome | undefined;
}

/**
 * JUnit XML of a run, written at its end. It has a testsuite for each suite (the deciding attempt) and a testcase for each test.
 * The suite file is the classname and the full title the name, made distinct by caseNames. A suite's property backend.ai says
 * what was tested. States become:
 * - failed: failure
 * - inconclusive and interrupted: error
 * - pending: skipped, with its reason
 * - known-issue: skipped with that type and the failure
 *
 * A suite that ended badly without a bad test gets one more testcase "(suite)" with an error. A tool that counts test
 * cases alone then does not take it for a success.
 */
export function junitReporter(write: Write): Reporter {
  return { runEnded: (run) => write(junitXml(run)) };
}

function junitXml(run: RunRecord): string {
  const document = new DOMImplementation().createDocument(null, '');
  const add = (parent: Element | undefined, name: string, attributes: Attributes): Element => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) element.setAttribute(key, printable(String(value)));
    }
    (parent ?? document).appendChild(element);
    return element;
  };
  const names = caseNames(run);
  const suites = run.suites.map((suite) => ({ suite, cases: casesOf(suite, names.get(suite.name) ?? []) }));
  const all = suites.flatMap(({ cases }) => cases);
  const seconds = run.suites.reduce((total, suite) => total + (suite.seconds ?? 0), 0);
  // No count of skipped tests here: Jenkins' schema has none at this place and refuses the file.
  const { skipped: _, ...totals } = countsOf(all);
  const root = add(undefined, 'testsuites', { name: run.name, ...totals, time: seconds.toFixed(3) });
  for (const { suite, cases } of suites) {
    const { name, startedAt: timestamp } = suite;
    const time = (suite.seconds ?? 0).toFixed(3);
    const element = add(root, 'testsuite', { name, ...countsOf(cases), time, timestamp });
    if (suite.backendAi) {
      add(add(element, 'properties', {}), 'property', { name: 'backend.ai', value: suite.backendAi });
    }
    for (const { attributes, outcome } of cases) {
      const testcase = add(element, 'testcase', attributes);
      if (!outcome) continue;
      const { element: tag, text, type, message } = outcome;
      const below = add(testcase, tag, { message: message || undefined, type });
      if (text) below.appendChild(document.createTextNode(printable(text)));
    }
  }
  indent(document, root);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(document)}\n`;
}

function casesOf(suite: SuiteRecord, names: readonly TestIdentity[]): Case[] {
  const cases: Case[] = suite.tests.map((test, index) => ({
    attributes: { classname: names[index]?.file, name: names[index]?.title, time: test.seconds.toFixed(3) },
    outcome: outcomeOf(test),
  }));
  const whole = suiteCase(suite);
  return whole ? [...cases, wholeSuite(suite, whole)] : cases;
}

function wholeSuite({ name }: SuiteRecord, { skipped, reason: type, message }: SuiteCase): Case {
  return {
    attributes: { classname: name, name: SUITE_CASE, time: '0.000' },
    outcome: { element: skipped ? 'skipped' : 'error', type, message },
  };
}

function outcomeOf({ state, error = '', reason, message }: TestRecord): CaseOutcome | undefined {
  const failure = { type: state, message: firstLine(error), text: error };
  switch (state) {
    case 'passed':
      return undefined;
    case 'pending':
      return { element: 'skipped', type: reason, ...(message ? { message } : {}) };
    case 'known-issue':
      return { element: 'skipped', ...failure };
    case 'failed':
      return { element: 'failure', ...failure };
    case 'interrupted':
    case 'inconclusive':
      return { element: 'error', ...failure };
  }
}

function countsOf(cases: readonly Case[]) {
  const count = (element: CaseOutcome['element']): number =>
    cases.filter(({ outcome }) => outcome?.element === element).length;
  return {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  };
}

/** Puts each child element on a line of its own. The serializer writes what it gets. */
function indent(document: Document, element: Element, depth = 0): void {
  const children = elementsIn(element);
  if (children.length === 0) return;
  const newLine = (level: number) => document.createTextNode(`\n${'  '.repeat(level)}`);
  for (const child of children) {
    element.insertBefore(newLine(depth + 1), child);
    indent(document, child, depth + 1);
  }
  element.appendChild(newLine(depth));
}

/**
 * Reads a file of {@link junitReporter} back: the tests of each suite by its name. Cases that stand for whole suites are left out.
 * Throws an Error for text that is no well-formed XML.
 */
export function readJunit(xml: string): Map<string, ObservedTest[]> {
  const parser = new DOMParser({
    onError: (level, message) => {
      if (level === 'warning') return;
      throw new Error(`junit.xml is not well-formed (${level}): ${message}`);
    },
  });
  const root = parser.parseFromString(xml, 'text/xml').documentElement;
  return new Map(
    (root ? elementsIn(root, 'testsuite') : []).map((suite) => [
      attribute(suite, 'name'),
      elementsIn(suite, 'testcase')
        .filter((one) => attribute(one, 'name') !== SUITE_CASE)
        .map((one) => ({
          file: attribute(one, 'classname'),
          title: attribute(one, 'name'),
          state: stateOf(one),
          seconds: Number(attribute(one, 'time')),
        })),
    ]),
  );
}

/** The inverse of {@link outcomeOf}. */
function stateOf(testcase: Element): TestState {
  if (elementsIn(testcase, 'failure').length > 0) return 'failed';
  const [skipped] = elementsIn(testcase, 'skipped');
  if (skipped) return attribute(skipped, 'type') === 'known-issue' ? 'known-issue' : 'pending';
  const [error] = elementsIn(testcase, 'error');
  if (error) return attribute(error, 'type') === 'inconclusive' ? 'inconclusive' : 'interrupted';
  return 'passed';
}

function elementsIn(element: Element, name?: string): Element[] {
  return [...element.childNodes].filter(
    (node): node is Element => node.nodeType === node.ELEMENT_NODE && (!name || node.nodeName === name),
  );
}

function attribute(element: Element, name: string): string {
  return element.getAttribute(name) ?? '';
}
