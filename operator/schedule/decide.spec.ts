import { API_VERSION } from '@backendai-e2e/api/group';
import type { TestRun, TestRunStatus } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { tickNews, tickState } from './decide.ts';
import { tickSettings } from './settings.ts';

const CREATED = '2026-01-01T00:00:00Z';
const late = (seconds: number) => new Date(Date.parse(CREATED) + seconds * 1000);

function run(status?: TestRunStatus): TestRun {
  return {
    apiVersion: API_VERSION,
    kind: 'TestRun',
    metadata: { name: 'nightly-1', creationTimestamp: CREATED },
    spec: { environmentRef: { name: 'e2e' }, startDeadlineSeconds: 300, timeoutSeconds: 600 },
    ...(status ? { status } : {}),
  };
}

function ended(status: 'True' | 'False', reason: string): TestRun {
  const lastTransitionTime = CREATED;
  return run({ conditions: [{ type: 'Succeeded', status, reason, message: 'why', lastTransitionTime }] });
}

const codeOf = (state: ReturnType<typeof tickState>) => ('ending' in state ? state.ending.code : 'waits');

describe('what a tick makes of its run', () => {
  it('ends with its verdict', () => {
    expect(codeOf(tickState(ended('True', 'AllPassed'), late(1)))).to.equal(0);
    expect(codeOf(tickState(ended('False', 'SuitesFailed'), late(1)))).to.equal(1);
    for (const reason of ['EnvironmentFailed', 'UnknownSuites', 'MissedStart']) {
      expect(codeOf(tickState(ended('False', reason), late(1))), reason).to.equal(2);
    }
  });

  it('waits for an operator that comes late, and not for one that never comes', () => {
    expect(tickState(run(), late(299), 60)).to.deep.equal({ untilMs: late(360).getTime() });
    const state = tickState(run(), late(360), 60);
    expect(state).to.have.nested.property('ending.code', 2);
    expect(state).to.have.nested.property('ending.sentence').that.contains('no operator took it up');
  });

  it('waits for a run in the queue, and then for its end, from its own start', () => {
    const started = run({ startedAt: late(200).toISOString(), phase: 'Running' });
    expect(codeOf(tickState(started, late(800)))).to.equal('waits');
    const state = tickState(started, late(200 + 600 + 120));
    expect(state).to.have.nested.property('ending.sentence').that.contains('was not ended within 600 s');
  });

  it('ends when somebody deletes the run', () => {
    expect(codeOf(tickState(undefined, late(1)))).to.equal(2);
  });

  it('tells each phase and each suite once', () => {
    const line = { name: 's', attempt: 1, verdict: 'Failed' as const, reason: 'TestsFailed' };
    const before = run({ phase: 'Running', suites: [{ ...line, state: 'Running' }] });
    const now = run({ phase: 'Running', suites: [{ ...line, state: 'Finished' }] });
    expect(tickNews(undefined, before)).to.deep.equal(['phase: Running']);
    expect(tickNews(before, now)).to.deep.equal(['s: Failed (TestsFailed)']);
    expect(tickNews(now, now)).to.deep.equal([]);
  });
});

describe('settings of a tick', () => {
  const env = { E2E_TICK_NAME: 'nightly-1', E2E_TICK_UID: 'u', E2E_NAMESPACE: 'ns', E2E_TICK_SPEC: '{}' };

  it('name the variable that is missing or wrong', () => {
    expect(tickSettings(env)).to.deep.include({ name: 'nightly-1', labels: {} });
    expect(() => tickSettings({ ...env, E2E_TICK_UID: '' })).to.throw('E2E_TICK_UID is not set');
    expect(() => tickSettings({ ...env, E2E_TICK_SPEC: 'x' })).to.throw('E2E_TICK_SPEC holds no JSON');
  });
});
