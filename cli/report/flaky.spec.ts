import { testSuite } from '@backendai-e2e/api/object-fixtures';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { report, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { rendered } from '../terminal/output.ts';
import { flakyRecord, flakyTable } from './flaky.ts';

function suite(name: string, verdicts: Verdict[], flipRate: number): TestSuite {
  const lastVerdicts = verdicts.map((verdict, index) => ({ run: `r${index}`, verdict, at: '' }));
  return testSuite(name, { status: { lastVerdicts, passRate: 0.5, flipRate } });
}

describe('flaky suites and tests', () => {
  const suites = [
    suite('calm', ['Passed', 'Passed'], 0),
    suite('wild', ['Passed', 'Failed', 'Passed'], 1),
    suite('retried', ['Flaky'], 0),
  ];

  it('lists suites that changed or passed on a retry, most flips first', () => {
    expect(flakyRecord(suites, [], false).suites.map((one) => one.suite)).to.deep.equal(['wild', 'retried']);
    expect(flakyRecord(suites, [], true).suites).to.have.length(3);
    expect(rendered(flakyTable(suites, [], false), 'table', undefined)).to.match(/wild +100 % +50 % +✔✘✔/);
  });

  it('counts tests that both passed and failed, with the newest error', () => {
    const at = (startedAt: string, tests: Parameters<typeof report>[1]) => report('s', tests, { startedAt });
    const reports = [
      at('2026-01-03T00:00:00Z', [test('a', { state: 'failed', error: 'newest\nstack' }), test('b')]),
      at('2026-01-02T00:00:00Z', [test('a', { state: 'failed', error: 'older' }), test('b')]),
      at('2026-01-01T00:00:00Z', [test('a'), test('b')]),
    ];
    expect(flakyRecord([], reports, false).tests).to.deep.equal([
      { suite: 's', file: 'area/one', title: 'a', passed: 1, failed: 2, error: 'newest' },
    ]);
  });
});
