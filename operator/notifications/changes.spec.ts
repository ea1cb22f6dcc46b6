import { condition, testRun, testSuite } from '@backendai-e2e/api/object-fixtures';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { TestSuite, TestSuiteStatus } from '@backendai-e2e/api/test-suite';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { expect } from 'chai';
import { suiteHistory } from '../catalog/history.ts';
import { changesOf } from './changes.ts';

const HOUR = 3_600_000;

interface Past {
  hours: number;
  verdict: Verdict;
  environment?: string;
  grep?: string;
  cancelled?: boolean;
}

function runOf({ hours, verdict, environment = 'e2e', grep, cancelled }: Past): TestRun {
  const at = new Date(Date.UTC(2026, 0, 1) + hours * HOUR).toISOString();
  const reason = cancelled ? 'Cancelled' : 'X';
  return testRun(`run-${hours}`, {
    metadata: { uid: `uid-${hours}` },
    spec: { environmentRef: { name: environment }, ...(grep ? { grep } : {}) },
    status: {
      finishedAt: at,
      suites: [{ name: 'alpha', state: 'Finished', attempt: 1, verdict, message: 'why' }],
      conditions: [condition('Succeeded', 'False', reason)],
    },
  });
}

/** The change that is reported for each of these runs, in the order of time: "-" for none. */
function story(past: readonly Past[]): string {
  let status: TestSuiteStatus = {};
  const told = past.map((one) => {
    const run = runOf(one);
    status = suiteHistory('alpha', status, [run]);
    const changes = changesOf(run, [suite(status)]);
    return changes === 'unknown' ? changes : (changes[0]?.change ?? '-');
  });
  return told.join(' ');
}

const suite = (status: TestSuiteStatus): TestSuite => testSuite('alpha', { status });

const each = (...verdicts: Verdict[]): Past[] => verdicts.map((verdict, hours) => ({ hours, verdict }));

describe('what a run changed', () => {
  it('reports changes, and nothing that stays the same', () => {
    expect(story(each('Passed', 'Passed', 'Failed', 'Failed', 'Passed', 'KnownIssue'))).to.equal(
      '- - broke - fixed -',
    );
  });

  it('reports each environment of a run separately', () => {
    let status: TestSuiteStatus = {};
    const changes = (['Passed', 'Failed'] as const).map((second, hours) => {
      const run = runOf({ hours, verdict: 'Passed' });
      run.spec.moreEnvironmentRefs = [{ name: 'e2e-2' }];
      const line = { state: 'Finished' as const, attempt: 1 };
      const suites = [
        { ...line, name: 'alpha', environment: 'e2e', verdict: 'Passed' as const },
        { ...line, name: 'alpha-e2e-2', suite: 'alpha', environment: 'e2e-2', verdict: second },
      ];
      run.status = { ...run.status, suites };
      status = suiteHistory('alpha', status, [run]);
      return changesOf(run, [suite(status)]);
    });
    expect(changes[0]).to.deep.equal([]);
    expect(changes[1]).to.have.length(1);
    expect(changes[1]?.[0]).to.deep.include({ suite: 'alpha', environment: 'e2e-2', change: 'broke' });
  });

  it('reports a first failure, and not a first success', () => {
    expect(story(each('Failed'))).to.equal('broke');
    expect(story(each('Passed'))).to.equal('-');
  });

  it('reports a flaky suite once, until it passes again', () => {
    expect(story(each('Passed', 'Flaky', 'Flaky', 'Passed', 'Flaky', 'Failed', 'Flaky'))).to.equal(
      '- flaky - - flaky broke flaky',
    );
  });

  it('reminds once a day of what stays broken', () => {
    const hours = [0, 6, 12, 23, 25, 30, 47, 49, 200];
    expect(story(hours.map((hour) => ({ hours: hour, verdict: 'Failed' })))).to.equal(
      'broke - - - still-broken - - still-broken still-broken',
    );
  });

  it('keeps the start of a streak after its first entry leaves the history', () => {
    const past = Array.from({ length: 60 }, (_, hours): Past => ({ hours, verdict: 'Failed' }));
    const reminders = story(past)
      .split(' ')
      .flatMap((change, hours) => (change === 'still-broken' ? hours : []));
    expect(reminders).to.deep.equal([24, 48]);
  });

  it('takes interruptions and inconclusive suites for broken, and skipped ones for nothing', () => {
    expect(story(each('Passed', 'Interrupted', 'Skipped', 'Inconclusive', 'Passed'))).to.equal(
      '- broke - - fixed',
    );
  });

  it('does not count runs of a part of the tests, nor cancelled ones', () => {
    expect(
      story([
        { hours: 0, verdict: 'Failed' },
        { hours: 1, verdict: 'Passed', grep: 'one' },
        { hours: 2, verdict: 'Interrupted', cancelled: true },
        { hours: 3, verdict: 'Failed' },
        { hours: 4, verdict: 'Passed' },
      ]),
    ).to.equal('broke - - - fixed');
  });

  it('keeps environments apart', () => {
    expect(
      story([
        { hours: 0, verdict: 'Passed', environment: 'a' },
        { hours: 1, verdict: 'Failed', environment: 'b' },
        { hours: 2, verdict: 'Passed', environment: 'a' },
        { hours: 3, verdict: 'Failed', environment: 'b' },
        { hours: 4, verdict: 'Failed', environment: 'a' },
      ]),
    ).to.equal('- broke - - broke');
  });

  it('says the same when it is asked again later', () => {
    const runs = each('Passed', 'Failed', 'Passed').map(runOf);
    const status = suiteHistory('alpha', {}, runs);
    const second = runs[1];
    if (!second) throw new Error('there are three runs');
    expect(changesOf(second, [suite(status)])).to.deep.equal([
      {
        suite: 'alpha',
        change: 'broke',
        verdict: 'Failed',
        before: 'Passed',
        since: second.status?.finishedAt,
        message: 'why',
      },
    ]);
  });

  it('waits for a history that does not have the run yet', () => {
    expect(changesOf(runOf({ hours: 1, verdict: 'Failed' }), [suite({})])).to.equal('unknown');
  });
});
