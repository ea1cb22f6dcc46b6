import { TEST_STATES } from '@backendai-e2e/api/verdict';
import { DOMParser } from '@xmldom/xmldom';
import { expect } from 'chai';
import fc from 'fast-check';
import { report, run, suite, test } from '../run-fixtures.ts';
import { runRecord } from '../run-record.ts';
import type { TestRecord } from '../test-record.ts';
import { disagreements } from './agreement.ts';
import { junitReporter, readJunit } from './junit.ts';
import { reported } from './reporter.ts';

/** The file for one suite with these tests. */
function junitOf(tests: TestRecord[], verdict: 'Passed' | 'Failed' = 'Failed'): string {
  const record = runRecord({ run: run([suite('s', verdict)]), reports: [report('s', tests)] });
  return reported(junitReporter, record);
}

function totalsOf(xml: string): Record<string, string> {
  const root = new DOMParser().parseFromString(xml, 'text/xml').documentElement;
  return Object.fromEntries([...(root?.attributes ?? [])].map(({ name, value }) => [name, value]));
}

describe('junit.xml', () => {
  it('has a testcase for each test with its file, title and time', () => {
    const xml = junitOf([test('creates › a session', { seconds: 1.5 })], 'Passed');
    expect(xml).to.contain('<testcase classname="area/one" name="creates › a session" time="1.500"/>');
    expect(xml).to.contain('<testsuite name="s" tests="1" failures="0" errors="0" skipped="0" time="2.000"');
  });

  it('distinguishes failed, inconclusive, interrupted and skipped tests', () => {
    const xml = junitOf([
      test('a', { state: 'failed', error: 'expected 1 to equal 2\n  at here' }),
      test('b', { state: 'inconclusive', error: 'saw nothing' }),
      test('c', { state: 'interrupted' }),
      test('d', { state: 'pending' }),
      test('e', { state: 'known-issue', error: 'known issue "x"\nwhy' }),
    ]);
    expect(xml).to.contain(
      '<failure message="expected 1 to equal 2" type="failed">expected 1 to equal 2\n  at here',
    );
    expect(xml).to.contain('<error message="saw nothing" type="inconclusive">');
    expect(xml).to.contain('<error type="interrupted"/>');
    expect(xml).to.contain('<skipped/>');
    expect(xml).to.contain(
      '<skipped message="known issue &quot;x&quot;" type="known-issue">known issue "x"\nwhy',
    );
    expect(totalsOf(xml)).to.include({ failures: '1', errors: '2', tests: '5' });
    expect(xml).to.contain('<testsuite name="s" tests="5" failures="1" errors="2" skipped="2"');
  });

  it('gives each test a name of its own', () => {
    const twins = [test('answers'), test('answers', { id: '2' }), test('answers (2)')];
    const objects = { run: run([suite('s', 'Passed')]), reports: [report('s', twins)] };
    const read = readJunit(reported(junitReporter, runRecord(objects)));
    expect(read.get('s')?.map(({ title }) => title)).to.deep.equal([
      'answers',
      'answers (2)',
      'answers (2) (2)',
    ]);
    expect(disagreements({ ...objects, junit: read })).to.deep.equal([]);
  });

  it('names the environment of a test that runs in several', () => {
    const lines = ['e', 'f'].map((environment) =>
      suite(`audit-${environment}`, 'Passed', { suite: 'audit', environment }),
    );
    const reports = lines.map(({ name }) => report(name, [test('leaks nothing')]));
    const objects = { run: run([...lines, suite('s', 'Passed', { environment: 'e' })]), reports };
    reports.push(report('s', [test('alone')]));
    const read = readJunit(reported(junitReporter, runRecord(objects)));
    expect([...read.values()].flat().map(({ file, title }) => `${file}: ${title}`)).to.deep.equal([
      'area/one (e): leaks nothing',
      'area/one (f): leaks nothing',
      'area/one: alone',
    ]);
    expect(disagreements({ ...objects, junit: read })).to.deep.equal([]);
  });

  it('shows a suite that ended badly without a test as an error', () => {
    const line = suite('s', 'Failed', { reason: 'EnvironmentNotReady', message: 'manager 0/2 ready' });
    const xml = reported(junitReporter, runRecord({ run: run([line]), reports: [] }));
    expect(xml).to.contain('<error message="manager 0/2 ready" type="EnvironmentNotReady"/>');
    expect(totalsOf(xml)).to.include({ errors: '1', tests: '1' });
    expect(readJunit(xml)).to.deep.equal(new Map([['s', []]]));
  });

  it('shows a flaky suite as an error where the run fails because of it', () => {
    const line = suite('s', 'Flaky', { attempt: 2, reason: 'PassedOnRetry', message: 'passed at attempt 2' });
    const lenient = run([line]);
    const strict = { ...lenient, spec: { ...lenient.spec, retryPolicy: { flaky: 'Fail' as const } } };
    const errors = [lenient, strict].map((one) => {
      const record = runRecord({ run: one, reports: [report('s', [test('a')])] });
      return totalsOf(reported(junitReporter, record)).errors;
    });
    expect(errors).to.deep.equal(['0', '1']);
  });

  it('has each element on a line of its own', () => {
    const lines = junitOf([test('a'), test('b', { state: 'failed', error: 'no' })]).split('\n');
    expect(lines.map((line) => /^ *<\/?[?\w]+/.exec(line)?.[0])).to.deep.equal([
      '<?xml',
      '<testsuites',
      '  <testsuite',
      '    <testcase',
      '    <testcase',
      '      <failure',
      '    </testcase',
      '  </testsuite',
      '</testsuites',
      undefined,
    ]);
  });

  it('can be read back, whatever characters a test has in its title and error', () => {
    const odd = `<a> & "b" or 'c' &lt; &amp;amp; 100% ]]> ü › 漢`;
    const tests = TEST_STATES.map((state, index) =>
      test(`${odd} ${index}`, {
        state,
        seconds: index + 0.12,
        ...(state === 'failed' ? { error: odd } : {}),
      }),
    );
    expect(readJunit(junitOf(tests)).get('s')).to.deep.equal(
      tests.map(({ file, title, state, seconds }) => ({ file, title, state, seconds })),
    );
  });

  it('is valid XML whatever a status holds, with the same tests in it', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u0001', ']]>', '<!--', '&#0;', '\ud800', '\ufffe'),
    );
    fc.assert(
      fc.property(text, text, text, text, (file, title, error, reason) => {
        const record = runRecord({
          run: run([suite('s', 'Failed'), { ...suite('t', 'Interrupted'), reason, message: error }]),
          reports: [report('s', [test('x', { file, title, state: 'failed', error })])],
        });
        const xml = reported(junitReporter, record);
        // Char of XML 1.0, section 2.2.
        expect(xml).not.to.match(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u);
        expect([...readJunit(xml).values()].map((tests) => tests.length)).to.deep.equal([1, 0]);
      }),
      { numRuns: 500 },
    );
  });

  it('drops colors and replaces characters that XML cannot hold', () => {
    const nasty = 'esc \u001b[31m <&> ]]> nul \u0000 half \ud83d';
    const xml = junitOf([test(nasty, { state: 'failed', error: nasty })]);
    expect(readJunit(xml).get('s')?.[0]?.title).to.equal('esc  <&> ]]> nul \ufffd half \ufffd');
  });

  it('is refused by its reader when it is not well-formed', () => {
    expect(() => readJunit('<testsuites><testsuite></testsuites>')).to.throw('junit.xml is not well-formed');
    expect(() => readJunit('')).to.throw('junit.xml is not well-formed');
  });
});
