import { condition, testRun } from '@backendai-e2e/api/object-fixtures';
import type { TestRun, TestRunStatus } from '@backendai-e2e/api/test-run';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { expect } from 'chai';
import { suiteHistory } from './history.ts';

function run(name: string, minute: number, verdict: Verdict, ended = true): TestRun {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const status: TestRunStatus = {
    finishedAt: at,
    suites: [{ name: 'alpha', state: 'Finished', attempt: 1, verdict, seconds: 3 }],
    conditions: ended ? [condition('Succeeded', 'True')] : [],
  };
  return testRun(name, { status });
}

describe('suiteHistory', () => {
  it('lists finished runs, newest first, with rates', () => {
    const runs = [
      run('a', 1, 'Passed'),
      run('b', 2, 'Failed'),
      run('c', 3, 'Passed'),
      run('d', 4, 'Passed', false),
    ];
    const history = suiteHistory('alpha', undefined, runs);
    expect(history.lastVerdicts?.map((entry) => entry.run)).to.deep.equal(['c', 'b', 'a']);
    expect(history).to.deep.include({ passRate: 0.667, flipRate: 1 });
  });

  it('excludes skipped suites and cancelled runs from the rates', () => {
    const grep = run('c', 3, 'Failed');
    grep.spec.grep = 'one test';
    const runs = [run('a', 1, 'Passed'), run('b', 2, 'Skipped'), grep, run('d', 4, 'KnownIssue')];
    const history = suiteHistory('alpha', undefined, runs);
    expect(history.lastVerdicts).to.have.length(4);
    expect(history).to.deep.include({ passRate: 1, flipRate: 1 });
    expect(suiteHistory('alpha', undefined, [run('b', 2, 'Skipped')])).not.to.have.any.keys(
      'passRate',
      'flipRate',
    );
  });

  it('has an entry for each environment in which a run had the suite, each once', () => {
    const one = run('a', 1, 'Passed');
    one.status = {
      ...one.status,
      suites: [
        { name: 'alpha', environment: 'e', state: 'Finished', attempt: 1, verdict: 'Passed' },
        {
          name: 'alpha-f',
          suite: 'alpha',
          environment: 'f',
          state: 'Finished',
          attempt: 1,
          verdict: 'Failed',
        },
      ],
    };
    const first = suiteHistory('alpha', undefined, [one]);
    const seen = suiteHistory('alpha', first, [one]).lastVerdicts;
    expect(seen?.map(({ environment, verdict }) => [environment, verdict])).to.deep.equal([
      ['e', 'Passed'],
      ['f', 'Failed'],
    ]);
    expect(suiteHistory('alpha-f', undefined, [one])).to.deep.equal({});
  });

  it('recognizes an entry from before entries named their environment', () => {
    const [old] = suiteHistory('alpha', undefined, [run('a', 1, 'Passed')]).lastVerdicts ?? [];
    const { environment: _unknown, ...bare } = old ?? { run: '', verdict: 'Passed' as const, at: '' };
    const seen = suiteHistory('alpha', { lastVerdicts: [bare] }, [run('a', 1, 'Passed')]);
    expect(seen.lastVerdicts?.map(({ environment }) => environment)).to.deep.equal(['e2e']);
  });

  it('remembers deleted runs, each once', () => {
    const first = suiteHistory('alpha', undefined, [run('a', 1, 'Passed')]);
    const second = suiteHistory('alpha', first, [run('a', 1, 'Passed'), run('b', 2, 'Passed')]);
    expect(suiteHistory('alpha', second, []).lastVerdicts?.map((entry) => entry.run)).to.deep.equal([
      'b',
      'a',
    ]);
  });

  it('keeps twenty', () => {
    const runs = Array.from({ length: 30 }, (_, index) => run(`r${index}`, index, 'Passed'));
    const history = suiteHistory('alpha', undefined, runs);
    expect(history.lastVerdicts).to.have.length(20);
    expect(history.lastVerdicts?.[0]?.run).to.equal('r29');
  });

  it('is empty for a suite that never ran', () => {
    expect(suiteHistory('beta', undefined, [run('a', 1, 'Passed')])).to.deep.equal({});
  });
});
