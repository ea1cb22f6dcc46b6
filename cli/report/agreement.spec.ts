import { expect } from 'chai';
import { disagreements, type Evidence } from './agreement.ts';
import { junitXml } from './junit.ts';
import { output, report, run, suite, test } from './run-fixtures.ts';

const tests = [
  test('a'),
  test('b', { state: 'failed', error: 'no' }),
  test('c', { state: 'pending', seconds: 0 }),
  test(`"k" & 'k' <k> ü`, { state: 'known-issue', error: 'known' }),
];

function evidence(more: Partial<Evidence> = {}): Evidence {
  const theRun = run([suite('s', 'Failed')]);
  const reports = [report('s', tests)];
  return {
    run: theRun,
    reports,
    junit: junitXml(theRun, reports),
    outputs: new Map([['run-s-1', output(tests)]]),
    ...more,
  };
}

describe('agreement of run.json, junit.xml and the output of pods', () => {
  it('finds nothing where all three say the same', () => {
    expect(disagreements(evidence())).to.deep.equal([]);
  });

  it('reads titles with characters that XML writes as entities', () => {
    const odd = [test(`<a> & "b" or 'c' 100%`)];
    const theRun = run([suite('s', 'Passed')]);
    const reports = [report('s', odd)];
    const outputs = new Map([['run-s-1', output(odd)]]);
    const junit = junitXml(theRun, reports);
    expect(disagreements({ run: theRun, reports, junit, outputs })).to.deep.equal([]);
  });

  it('names a test whose state differs in the pod', () => {
    const printed = [test('a'), test('b', { seconds: 0.25 }), ...tests.slice(2)];
    const found = disagreements(evidence({ outputs: new Map([['run-s-1', output(printed)]]) }));
    expect(found).to.deep.equal([`"area/one: b" is failed in report run-s-1 and passed in its pod's output`]);
  });

  it('names a test that the pod ran and the report lost', () => {
    const found = disagreements(
      evidence({ outputs: new Map([['run-s-1', output([...tests, test('lost')])]]) }),
    );
    expect(found).to.deep.equal([
      `"area/one: lost" is in its pod's output (passed) and not in report run-s-1`,
    ]);
  });

  it('accepts such tests in a report that was interrupted, and those that the budget left out', () => {
    const printed = new Map([['run-s-1', output([...tests, test('lost')])]]);
    for (const status of [{ verdict: 'Interrupted' as const }, { omitted: { tests: 1, errorBytes: 0 } }]) {
      expect(
        disagreements(evidence({ reports: [report('s', tests, status)], outputs: printed })),
      ).to.deep.equal([]);
    }
  });

  it('names a test that is missing or other in junit.xml', () => {
    const theRun = run([suite('s', 'Failed')]);
    const other = junitXml(theRun, [report('s', [test('a', { seconds: 9 }), ...tests.slice(2)])]);
    expect(disagreements(evidence({ junit: other }))).to.deep.equal([
      '"area/one: a" took 0.25 s in report run-s-1 and 9.00 s in junit.xml',
      '"area/one: b" is in report run-s-1 (failed) and not in junit.xml',
    ]);
  });

  it('names a report whose pod left no output', () => {
    expect(disagreements(evidence({ outputs: new Map() }))).to.deep.equal([
      'report run-s-1: the output of its pod is not there to compare',
    ]);
  });

  it('names counts that are not those of the tests', () => {
    const counts = { total: 3, passed: 3, failed: 0, pending: 0, interrupted: 0 };
    expect(disagreements(evidence({ reports: [report('s', tests, { counts })] }))).to.deep.equal([
      'report run-s-1 counts 3 passed and lists 1',
      'report run-s-1 counts 0 failed and lists 1',
      'report run-s-1 counts 0 known-issue and lists 1',
    ]);
  });

  it('does not take the case that stands for a whole suite for a test', () => {
    const theRun = run([suite('s', 'Failed', { reason: 'EnvironmentNotReady', report: '' })]);
    const found = disagreements({
      run: theRun,
      reports: [],
      junit: junitXml(theRun, []),
      outputs: new Map(),
    });
    expect(found).to.deep.equal([]);
  });

  it('pairs tests of the same title in their order', () => {
    const twice = [test('same', { id: '1' }), test('same', { id: '2', state: 'failed', error: 'x' })];
    const theRun = run([suite('s', 'Failed')]);
    const reports = [report('s', twice)];
    const outputs = new Map([['run-s-1', output(twice)]]);
    expect(disagreements({ run: theRun, reports, junit: junitXml(theRun, reports), outputs })).to.deep.equal(
      [],
    );
  });
});
