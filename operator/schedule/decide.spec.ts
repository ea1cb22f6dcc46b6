import { condition, testRun } from '@backendai-e2e/api/object-fixtures';
import type { TestRun, TestRunStatus } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { runNews, waitState } from './decide.ts';
import { scheduledRunSettings } from './settings.ts';

const CREATED = '2026-01-01T00:00:00Z';
const late = (seconds: number) => new Date(Date.parse(CREATED) + seconds * 1000);

function run(status?: TestRunStatus): TestRun {
  const spec = { startDeadlineSeconds: 300, timeoutSeconds: 600 };
  return testRun('nightly-1', { metadata: { creationTimestamp: CREATED }, spec, status });
}

const ended = (status: 'True' | 'False', reason: string): TestRun =>
  run({ conditions: [condition('Succeeded', status, reason, 'why')] });

const codeOf = (state: ReturnType<typeof waitState>) => ('ending' in state ? state.ending.code : 'waits');

describe('the wait for a scheduled run', () => {
  it('ends with its verdict', () => {
    expect(codeOf(waitState(ended('True', 'AllPassed'), late(1)))).to.equal(0);
    expect(codeOf(waitState(ended('False', 'SuitesFailed'), late(1)))).to.equal(1);
    for (const reason of ['EnvironmentFailed', 'UnknownSuites', 'MissedStart']) {
      expect(codeOf(waitState(ended('False', reason), late(1))), reason).to.equal(2);
    }
  });

  it('waits for an operator that starts late, but not without end', () => {
    expect(waitState(run(), late(299), 60)).to.deep.equal({ untilMs: late(360).getTime() });
    const state = waitState(run(), late(360), 60);
    expect(state).to.have.nested.property('ending.code', 2);
    expect(state).to.have.nested.property('ending.sentence').that.contains('no operator took up the run');
  });

  it('waits while the run is queued, then for its timeout from its own start', () => {
    const started = run({ startedAt: late(200).toISOString(), phase: 'Running' });
    expect(codeOf(waitState(started, late(800)))).to.equal('waits');
    const state = waitState(started, late(200 + 600 + 120));
    expect(state).to.have.nested.property('ending.sentence').that.contains('did not end within 600 s');
  });

  it('ends when the run is deleted', () => {
    expect(codeOf(waitState(undefined, late(1)))).to.equal(2);
  });

  it('reports each phase and each suite once', () => {
    const line = { name: 's', attempt: 1, verdict: 'Failed' as const, reason: 'TestsFailed' };
    const before = run({ phase: 'Running', suites: [{ ...line, state: 'Running' }] });
    const now = run({ phase: 'Running', suites: [{ ...line, state: 'Finished' }] });
    expect(runNews(undefined, before)).to.deep.equal(['phase: Running']);
    expect(runNews(before, now)).to.deep.equal(['s: Failed (TestsFailed)']);
    expect(runNews(now, now)).to.deep.equal([]);
  });
});

describe('settings of a scheduled run', () => {
  const env = {
    E2E_SCHEDULED_RUN_NAME: 'nightly-1',
    E2E_SCHEDULED_RUN_UID: 'u',
    E2E_NAMESPACE: 'ns',
    E2E_SCHEDULED_RUN_SPEC: '{}',
  };

  it('name the variable that is missing or wrong', () => {
    expect(scheduledRunSettings(env)).to.deep.include({ name: 'nightly-1', labels: {} });
    expect(() => scheduledRunSettings({ ...env, E2E_SCHEDULED_RUN_UID: '' })).to.throw(
      'E2E_SCHEDULED_RUN_UID is not set',
    );
    expect(() => scheduledRunSettings({ ...env, E2E_SCHEDULED_RUN_SPEC: 'x' })).to.throw(
      'E2E_SCHEDULED_RUN_SPEC holds no JSON',
    );
  });
});
