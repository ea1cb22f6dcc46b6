import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { RunSuite } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { firstCauseOf, firstFailureOf } from './first-failure.ts';
import { failed, report, run } from './plan-fixtures.ts';

const line = (name: string, more: Partial<RunSuite> = {}): RunSuite => ({
  ...{ name, state: 'Finished', attempt: 1, verdict: 'Passed' },
  ...more,
});

const text = (...[lines, spec]: Parameters<typeof firstFailureOf>) =>
  firstFailureOf(lines, spec).firstFailure;

describe('the first failure of a run', () => {
  it('is the first suite that keeps the run from succeeding, with what it says', () => {
    const known = line('known', { verdict: 'KnownIssue', message: 'as listed' });
    const bad = line('storage', { verdict: 'Failed', message: 'uploads a file: 500\n    at upload.ts:3' });
    const later = line('later', { verdict: 'Interrupted', reason: 'OOMKilled' });
    expect(text([line('good'), known, bad, later], {})).to.equal('storage: uploads a file: 500');
    expect(text([later], {})).to.equal('later: OOMKilled');
    expect(text([line('good'), known], {})).to.equal(undefined);
  });

  it('waits for the end of a suite, and follows the policy of retries', () => {
    const running: RunSuite = { name: 'running', state: 'Running', attempt: 1 };
    const flaky = line('flaky', { verdict: 'Flaky', message: 'passed at attempt 2' });
    expect(text([running, flaky], {})).to.equal(undefined);
    expect(text([flaky], { retryPolicy: { flaky: 'Fail' } })).to.equal('flaky: passed at attempt 2');
  });

  it('is one short line, whatever a suite printed', () => {
    const hostile = line('s', { verdict: 'Failed', message: `\u001b[2Jgone\u202e\rover ${'x'.repeat(900)}` });
    const shown = text([hostile], {});
    expect(shown).to.have.length(LENGTHS.columnText);
    expect(shown).to.match(/^s: gone\ufffd over x+…$/);
  });
});

describe('the first cause of a run', () => {
  const cause = (suite: string, firstCause?: string) =>
    report(suite, 1, { ...failed, ...(firstCause ? { firstCause } : {}) });
  const bad = (name: string) => line(name, { verdict: 'Failed', report: `run-${name}-1` });

  it('is that of the first suite that keeps the run from succeeding', () => {
    const reports = [cause('storage', 'agent: it restarted'), cause('earlier', 'manager: it was paused')];
    const world = { run: run(), reports };
    expect(firstCauseOf([line('good'), bad('storage'), bad('earlier')], world)).to.deep.equal({
      firstCause: 'agent: it restarted',
    });
  });

  it('is unknown until the attempt is archived, and where nothing failed', () => {
    const later = { run: run(), reports: [cause('storage'), cause('earlier', 'manager: it was paused')] };
    expect(firstCauseOf([bad('storage'), bad('earlier')], later)).to.deep.equal({});
    expect(firstCauseOf([line('storage', { report: 'run-storage-1' })], later)).to.deep.equal({});
  });
});
