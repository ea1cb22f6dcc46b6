import { expect } from 'chai';
import { report, run, suite, test } from './run-fixtures.ts';
import { runRecord } from './run-record.ts';

describe('the record of a run', () => {
  it('has the tests of the deciding attempt, and all attempts oldest first', () => {
    const first = report('s', [test('a', { state: 'failed' })]);
    const second = report('s', [test('a')], { startedAt: '2026-01-01T00:05:00Z' });
    second.metadata = { name: 'run-s-2' };
    second.spec = { ...second.spec, attempt: 2 };
    const line = suite('s', 'Flaky', { attempt: 2, report: 'run-s-2' });
    const [record] = runRecord({ run: run([line]), reports: [second, first] }).suites;
    expect(record).to.include({ name: 's', failed: false, startedAt: '2026-01-01T00:05:00Z' });
    expect(record?.tests.map(({ state }) => state)).to.deep.equal(['passed']);
    expect(record?.attempts.map(({ report: name, tests }) => [name, tests[0]?.state])).to.deep.equal([
      ['run-s-1', 'failed'],
      ['run-s-2', 'passed'],
    ]);
  });

  it('keeps apart the attempts at one suite in several environments', () => {
    const whole = run([
      suite('audit', 'Passed', { environment: 'e2e' }),
      suite('audit-e2e-2', 'Failed', { suite: 'audit', environment: 'e2e-2' }),
    ]);
    whole.spec.moreEnvironmentRefs = [{ name: 'e2e-2' }];
    const reports = ['e2e', 'e2e-2'].map((environment, index) => {
      const one = report(index === 0 ? 'audit' : 'audit-e2e-2', [test(environment)]);
      return { ...one, spec: { ...one.spec, suite: 'audit', environment } };
    });
    const { suites, environments } = runRecord({ run: whole, reports });
    expect(environments).to.deep.equal(['e2e', 'e2e-2']);
    expect(suites.map(({ attempts }) => attempts.map(({ tests }) => tests[0]?.title))).to.deep.equal([
      ['e2e'],
      ['e2e-2'],
    ]);
  });

  it('has no tests for a suite without a report', () => {
    const [record] = runRecord({ run: run([suite('s', 'Skipped', { attempt: 0 })]), reports: [] }).suites;
    expect(record).to.deep.include({ tests: [], attempts: [], failed: false });
  });
});
