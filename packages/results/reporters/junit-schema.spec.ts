import { DOMParser, type Element, type Node } from '@xmldom/xmldom';
import { expect } from 'chai';
import { report, run, suite, test } from '../run-fixtures.ts';
import { runRecord } from '../run-record.ts';
import { junitReporter } from './junit.ts';
import { reported } from './reporter.ts';

/**
 * Where each element and attribute may be, as strict as the strictest reader. Jenkins' xUnit plugin checks files against its
 * schema (junit-10) and refuses what does not fit. GitHub's actions and GitLab read the same elements and ignore others. GitLab
 * needs name and classname of a test case.
 */
interface Rule {
  required: readonly string[];
  optional: readonly string[];
  children: readonly string[];
  text?: boolean;
}
const OUTCOME: Rule = { required: [], optional: ['type', 'message'], children: [], text: true };
const RULES: Record<string, Rule> = {
  testsuites: {
    required: [],
    optional: ['name', 'time', 'tests', 'failures', 'errors'],
    children: ['testsuite'],
  },
  testsuite: {
    required: ['name', 'tests', 'failures', 'errors'],
    optional: 'group time skipped timestamp hostname id package file log url'.split(' '),
    children: ['testsuite', 'properties', 'testcase', 'system-out', 'system-err'],
  },
  testcase: {
    required: ['name', 'classname'],
    optional: ['time', 'group'],
    children: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
  },
  failure: OUTCOME,
  error: OUTCOME,
  skipped: OUTCOME,
};
const WHOLE = /^\d+$/;
const SECONDS = /^\d+(\.\d+)?$/;

/** Everything that does not fit, a sentence each. */
function violations(element: Element): string[] {
  const rule = RULES[element.nodeName];
  if (!rule) return [`<${element.nodeName}> is unknown`];
  const attributes = new Map([...element.attributes].map(({ name, value }) => [name, value]));
  const found: string[] = [];
  for (const name of rule.required) {
    if (!attributes.has(name)) found.push(`<${element.nodeName}> lacks ${name}`);
  }
  for (const [name, value] of attributes) {
    if (![...rule.required, ...rule.optional].includes(name)) {
      found.push(`<${element.nodeName}> must not have ${name}`);
    }
    if (['tests', 'failures', 'errors', 'skipped'].includes(name) && !WHOLE.test(value)) {
      found.push(`${name} is no number: ${value}`);
    }
    if (name === 'time' && !SECONDS.test(value)) found.push(`time is no number of seconds: ${value}`);
    if (name === 'timestamp' && Number.isNaN(Date.parse(value))) found.push(`no time: ${value}`);
  }
  for (const child of element.childNodes) {
    if (isElement(child)) {
      if (!rule.children.includes(child.nodeName)) {
        found.push(`<${child.nodeName}> must not stand in <${element.nodeName}>`);
      } else found.push(...violations(child));
    } else if (!rule.text && (child.textContent ?? '').trim() !== '') {
      found.push(`<${element.nodeName}> must not hold text`);
    }
  }
  return found;
}

function check(xml: string): string[] {
  const root = new DOMParser().parseFromString(xml, 'text/xml').documentElement;
  return root ? violations(root) : ['no root element'];
}

function isElement(node: Node): node is Element {
  return node.nodeType === node.ELEMENT_NODE;
}

describe('junit.xml for GitHub, GitLab and Jenkins', () => {
  it('fits their schema whatever a run holds', () => {
    const tests = [
      test('passed', { seconds: 1234.5 }),
      test('failed', { state: 'failed', error: 'a\nb <c>' }),
      test('pending', { state: 'pending' }),
      test('interrupted', { state: 'interrupted' }),
      test('inconclusive', { state: 'inconclusive', error: 'x' }),
      test('known', { state: 'known-issue', error: 'known' }),
    ];
    const suites = [
      suite('all', 'Failed'),
      suite('never', 'Failed', { reason: 'EnvironmentNotReady', message: 'manager' }),
      suite('skipped', 'Skipped', { reason: 'DisruptionForbidden', message: 'forbidden' }),
      suite('waiting', 'Interrupted', { state: 'Waiting' }),
    ];
    const reports = [report('all', tests, { startedAt: '2026-01-01T00:00:00.000Z' })];
    const record = runRecord({ run: run(suites), reports });
    expect(check(reported(junitReporter, record))).to.deep.equal([]);
  });

  it('fits it for a run without a suite', () => {
    const record = runRecord({ run: run([]), reports: [] });
    expect(check(reported(junitReporter, record))).to.deep.equal([]);
  });

  it('has a schema check that finds violations', () => {
    const wrong = '<testsuites skipped="1"><testsuite name="a" tests="x"><case/></testsuite></testsuites>';
    expect(check(wrong)).to.deep.equal([
      '<testsuites> must not have skipped',
      '<testsuite> lacks failures',
      '<testsuite> lacks errors',
      'tests is no number: x',
      '<case> must not stand in <testsuite>',
    ]);
  });
});
