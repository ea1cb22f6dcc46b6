import { expect } from 'chai';
import { create } from 'xmlbuilder2';
import { junitXml } from './junit.ts';
import { report, run, suite, test } from './run-fixtures.ts';

const parse = (xml: string) =>
  create(xml).end({ format: 'object' }) as Record<string, Record<string, unknown>>;

describe('junit.xml', () => {
  it('has a testcase for each test with its file, title and time', () => {
    const tests = [test('creates › a session', { seconds: 1.5 })];
    const xml = junitXml(run([suite('s', 'Passed')]), [report('s', tests)]);
    expect(xml).to.contain('<testcase classname="area/one" name="creates › a session" time="1.500"/>');
    expect(xml).to.contain('<testsuite name="s" tests="1" failures="0" errors="0" skipped="0" time="2.000"');
  });

  it('tells failed, inconclusive, interrupted and skipped tests apart', () => {
    const tests = [
      test('a', { state: 'failed', error: 'expected 1 to equal 2\n  at here' }),
      test('b', { state: 'inconclusive', error: 'saw nothing' }),
      test('c', { state: 'interrupted' }),
      test('d', { state: 'pending' }),
      test('e', { state: 'known-issue', error: 'known issue "x"\nwhy' }),
    ];
    const xml = junitXml(run([suite('s', 'Failed')]), [report('s', tests)]);
    expect(xml).to.contain(
      '<failure message="expected 1 to equal 2" type="failed">expected 1 to equal 2\n  at here',
    );
    expect(xml).to.contain('<error message="saw nothing" type="inconclusive">');
    expect(xml).to.contain('<error type="interrupted"/>');
    expect(xml).to.contain('<skipped/>');
    expect(xml).to.contain(
      '<skipped message="known issue &quot;x&quot;" type="known-issue">known issue "x"\nwhy',
    );
    expect(parse(xml).testsuites).to.include({
      '@failures': '1',
      '@errors': '2',
      '@tests': '5',
    });
    expect(xml).to.contain('<testsuite name="s" tests="5" failures="1" errors="2" skipped="2"');
  });

  it('shows a suite that ended badly without a test as an error', () => {
    const line = suite('s', 'Failed', { reason: 'EnvironmentNotReady', message: 'manager 0/2 ready' });
    const xml = junitXml(run([line]), []);
    expect(xml).to.contain('<error message="manager 0/2 ready" type="EnvironmentNotReady"/>');
    expect(parse(xml).testsuites).to.include({ '@errors': '1', '@tests': '1' });
  });

  it('shows a flaky suite as an error where the run says that it fails', () => {
    const line = suite('s', 'Flaky', { attempt: 2, reason: 'PassedOnRetry', message: 'passed at attempt 2' });
    const lenient = run([line]);
    const strict = { ...lenient, spec: { ...lenient.spec, retryPolicy: { flaky: 'Fail' as const } } };
    expect(parse(junitXml(strict, [report('s', [test('a')])])).testsuites).to.include({ '@errors': '1' });
    expect(parse(junitXml(lenient, [report('s', [test('a')])])).testsuites).to.include({ '@errors': '0' });
  });

  it('stays readable for a parser whatever a test printed', () => {
    const nasty = 'esc \u001b[31m <&> ]]> nul \u0000 half \ud83d';
    const tests = [test(nasty, { state: 'failed', error: nasty })];
    expect(() => parse(junitXml(run([suite('s', 'Failed')]), [report('s', tests)]))).not.to.throw();
  });
});
