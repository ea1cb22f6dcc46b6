import { TEST_STATES } from '@backendai-e2e/api/verdict';
import { expect } from 'chai';
import { type CTRFReport, validate } from 'ctrf';
import fc from 'fast-check';
import { report, run, suite, test } from '../run-fixtures.ts';
import { type RunObjects, runRecord } from '../run-record.ts';
import { ctrfReporter } from './ctrf.ts';
import { junitReporter, readJunit } from './junit.ts';
import { reported } from './reporter.ts';

/** The file of a run, read back. It fits the schema of the format. */
function ctrfOf(objects: RunObjects): CTRFReport {
  const read: CTRFReport = JSON.parse(reported(ctrfReporter, runRecord(objects)));
  expect(validate(read).errors).to.deep.equal([]);
  return read;
}

const EVERY_STATE = TEST_STATES.map((state) => test(state, { state, error: `${state}\n  at here` }));

describe('ctrf.json', () => {
  it('has each test with its state, as the format names it', () => {
    const { results } = ctrfOf({ run: run([suite('s', 'Failed')]), reports: [report('s', EVERY_STATE)] });
    expect(results.tests.map(({ rawStatus, status }) => `${rawStatus} → ${status}`)).to.deep.equal([
      'passed → passed',
      'failed → failed',
      'pending → skipped',
      'interrupted → failed',
      'inconclusive → failed',
      'known-issue → other',
    ]);
    expect(results.summary).to.include({ tests: 6, passed: 1, failed: 3, skipped: 1, pending: 0, other: 1 });
  });

  it('says when and how a test failed, and where it is', () => {
    const failed = test('folders › can be renamed', {
      ...{ state: 'failed', error: 'expected 1\n  at here', seconds: 1.5 },
      startedAt: '2026-01-01T00:00:00.000Z',
    });
    const [found] = ctrfOf({ run: run([suite('s', 'Failed')]), reports: [report('s', [failed])] }).results
      .tests;
    const start = Date.parse('2026-01-01T00:00:00Z');
    expect(found).to.include({ name: failed.title, filePath: 'suites/area/one.ts', duration: 1500 });
    expect(found).to.include({ start, stop: start + 1500, message: 'expected 1', trace: failed.error });
    expect(found?.suite).to.deep.equal(['s', 'folders']);
  });

  it('shows a suite without a bad test as a test', () => {
    const lines = [
      suite('never', 'Failed', { reason: 'EnvironmentNotReady', message: 'manager 0/2 ready' }),
      suite('forbidden', 'Skipped', { reason: 'DisruptionForbidden', message: 'no' }),
    ];
    const { tests } = ctrfOf({ run: run(lines), reports: [] }).results;
    expect(tests.map(({ suite: path, status, rawStatus }) => [path?.[0], status, rawStatus])).to.deep.equal([
      ['never', 'failed', 'EnvironmentNotReady'],
      ['forbidden', 'skipped', 'DisruptionForbidden'],
    ]);
  });

  it('calls a test flaky that failed in an earlier attempt', () => {
    const first = report('s', [test('a', { state: 'failed', error: 'no' }), test('b')]);
    const second = report('s', [test('a'), test('b')]);
    const again = { ...second, metadata: { name: 'run-s-2' }, spec: { ...second.spec, attempt: 2 } };
    const line = suite('s', 'Flaky', { attempt: 2, report: 'run-s-2' });
    const { tests, summary } = ctrfOf({ run: run([line]), reports: [first, again] }).results;
    expect(tests.map(({ name, flaky, retries }) => ({ name, flaky, retries }))).to.deep.equal([
      { name: 'a', flaky: true, retries: 1 },
      { name: 'b', flaky: undefined, retries: 1 },
    ]);
    expect(tests[0]?.retryAttempts).to.deep.include.members([
      { attempt: 1, status: 'failed', duration: 250, message: 'no', trace: 'no' },
    ]);
    expect(summary.flaky).to.equal(1);
  });

  it('fits the schema whatever a status holds, with the tests of junit.xml', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b[31m', '\ud800', '</script>'),
    );
    const hostile = fc.record({
      file: text,
      title: text,
      error: text,
      state: fc.constantFrom(...TEST_STATES),
    });
    fc.assert(
      // The schema is compiled for each file: many tests in few files.
      fc.property(fc.array(hostile, { minLength: 30, maxLength: 60 }), (some) => {
        const tests = some.map((more, index) => test('x', { ...more, id: String(index) }));
        const objects = { run: run([suite('s', 'Failed')]), reports: [report('s', tests)] };
        const written = reported(ctrfReporter, runRecord(objects));
        // Neither raw nor escaped: what a reader shows acts on no terminal.
        expect(written).not.to.match(/(?!\n)\p{Cc}|\\u00[01]|\\u202|\\ud8/u);
        const junit = readJunit(reported(junitReporter, runRecord(objects))).get('s');
        const states = ctrfOf(objects).results.tests.map(({ rawStatus }) => rawStatus);
        expect(states.slice(0, junit?.length)).to.deep.equal(junit?.map((one) => one.state));
      }),
      { numRuns: 10 },
    );
  });

  it('is the same file each time', () => {
    const objects = { run: run([suite('s', 'Failed')]), reports: [report('s', EVERY_STATE)] };
    const [a, b] = [1, 2].map(() => reported(ctrfReporter, runRecord(objects)));
    expect(a).to.equal(b);
  });
});
