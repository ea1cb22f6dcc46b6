import { expect } from 'chai';
import type { RunFile } from '../run-file.ts';
import { report, run, suite, test } from '../run-fixtures.ts';
import { historyRecord } from './derive.ts';
import { readHistoryLine } from './read.ts';

const START = '2026-01-01T02:00:00Z';

function file(more: Partial<RunFile> = {}): RunFile {
  const whole = run([suite('s', 'Failed')], { status: 'False', reason: 'SuitesFailed' });
  whole.metadata.uid = '5aa781a3-30e7-409f-9d4d-3ff6d8264c51';
  whole.status = { ...whole.status, startedAt: START, verdict: 'Failed' };
  const failed = test('two', { state: 'failed', error: 'AssertionError: no\n  at suite.ts:1' });
  return { run: whole, reports: [report('s', [test('one'), failed])], ...more };
}

describe('the history record of a run', () => {
  it('has each test with its state, its seconds and the first line of its error', () => {
    const record = historyRecord(file());
    expect(record).to.deep.include({
      version: 1,
      uid: '5aa781a3-30e7-409f-9d4d-3ff6d8264c51',
      verdict: 'Failed',
    });
    expect(record.suites[0]?.tests).to.deep.equal([
      { file: 'area/one', title: 'one', state: 'passed', seconds: 0.25 },
      { file: 'area/one', title: 'two', state: 'failed', seconds: 0.25, error: 'AssertionError: no' },
    ]);
  });

  it('reads back as it was written', () => {
    const record = historyRecord(file({ cost: { cpuSeconds: 2700.456, cores: 2 } }));
    expect(record.cost).to.deep.equal({ cpuSeconds: 2700.46, cores: 2 });
    expect(readHistoryLine(JSON.stringify(record))).to.deep.equal(record);
  });

  it('keeps the parts of a known issue, and what the test said', () => {
    const error = 'known issue "It hangs" (26.9.6), until 2027-02-18, at most 1 of 20\nAssertionError: no';
    const known = file({ reports: [report('s', [test('k', { state: 'known-issue', error })])] });
    expect(historyRecord(known).suites[0]?.tests[0]).to.deep.include({
      error: 'AssertionError: no',
      issue: {
        ...{ issue: 'It hangs', version: '26.9.6', until: '2027-02-18' },
        budget: { most: 1, of: 20 },
      },
    });
  });

  it('marks a test that passed on a retry', () => {
    const retried = file();
    retried.run.status = {
      ...retried.run.status,
      suites: [suite('s', 'Flaky', { attempt: 2, report: 'run-s-2' })],
    };
    const first = report('s', [test('one', { state: 'failed' }), test('two')]);
    const second = report('s', [test('one'), test('two')]);
    second.metadata.name = 'run-s-2';
    second.spec.attempt = 2;
    const { tests = [] } = historyRecord({ ...retried, reports: [first, second] }).suites[0] ?? {};
    expect(tests.map(({ recovered = false }) => recovered)).to.deep.equal([true, false]);
  });

  it('has versions, digests without the name of the image, and the pace of the machine', () => {
    const components = [{ name: 'manager', imageDigest: 'docker.io/x@sha256:aa', version: '26.9.6' }].map(
      (each) => ({ ...each, workload: 'Deployment/manager', ready: 1, desired: 1, restarts: 0 }),
    );
    const tested = {
      environments: ['e2e', 'e2e-2'].map((name) => ({ name, status: { components } })),
      images: [{ component: 'suite', image: 'suites:1', imageId: 'x@sha256:bb' }],
      command: { version: '0.2.0', commit: 'c0ffee' },
    };
    const measured = ['a', 'b', 'c'].map((name, index) =>
      report(name, [], { measurements: [{ name: 'machine-pace', value: index + 1, unit: '×' }] }),
    );
    expect(historyRecord(file({ tested, reports: measured }))).to.deep.include({
      pace: 2,
      tested: [{ name: 'manager', version: '26.9.6', digest: 'sha256:aa' }],
      testing: [
        { name: 'command', version: '0.2.0', digest: 'c0ffee' },
        { name: 'suite', version: 'suites:1', digest: 'sha256:bb' },
      ],
    });
  });

  it('takes the run.json of an older version, without uid, environments and digests', () => {
    const old = file();
    delete old.run.metadata.uid;
    const record = historyRecord(old);
    expect(record.uid).to.match(/^[0-9a-f]{32}$/);
    expect(record).to.deep.include({ tested: [], testing: [] }).and.not.have.property('pace');
  });

  it('makes hostile texts one line of a bounded length', () => {
    const strange = file({
      reports: [
        report('s', [test('\u001b[31m red\u202e\nline', { state: 'failed', error: 'x'.repeat(5000) })]),
      ],
    });
    strange.run.metadata.uid = '../../etc/passwd';
    const record = historyRecord(strange);
    expect(record.uid).to.match(/^[0-9a-f]{32}$/);
    expect(record.suites[0]?.tests[0]?.title).to.equal(' red\ufffd line');
    expect(record.suites[0]?.tests[0]?.error).to.have.lengthOf(300);
  });

  it('refuses a run that never began', () => {
    const never = file();
    delete never.run.status?.startedAt;
    expect(() => historyRecord(never)).to.throw('run has no start: it never began');
  });
});
