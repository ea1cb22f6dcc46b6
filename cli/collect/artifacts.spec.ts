import { condition, testReport } from '@backendai-e2e/api/object-fixtures';
import { REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { expect } from 'chai';
import { untilArchived } from './artifacts.ts';

const START = new Date('2026-01-01T00:00:00Z');

/** A final report that ended a number of seconds before the start of the test. */
function report(name: string, endedBefore: number, archived: boolean): TestReport {
  const finishedAt = new Date(START.getTime() - endedBefore * 1000).toISOString();
  const conditions = archived ? [condition(REPORT_CONDITIONS.archived, 'True', 'Archived')] : [];
  return testReport(name, { metadata: { name }, status: { final: true, finishedAt, conditions } });
}

describe('the wait for the archive', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = new FakeClock(START);
  });
  const never = new AbortController().signal;

  it('ends as soon as every report is archived', async () => {
    let archived = false;
    const wait = untilArchived(async () => [report('a', 0, true), report('b', 1, archived)], never, clock);
    await clock.advance(20_000);
    archived = true;
    await clock.advance(500);
    expect((await wait).pending).to.deep.equal([]);
    expect(clock.monotonicMs()).to.equal(20_500);
  });

  it('gives up on a report one minute after its end, and names it', async () => {
    const wait = untilArchived(async () => [report('late', 50, false)], never, clock);
    await clock.advance(10_500);
    expect((await wait).pending).to.deep.equal(['late']);
  });

  it('does not wait for a report that ended long ago', async () => {
    const { pending } = await untilArchived(async () => [report('old', 3600, false)], never, clock);
    expect(pending).to.deep.equal(['old']);
  });

  it('ends after one minute when the clock of the cluster is ahead', async () => {
    const wait = untilArchived(async () => [report('ahead', -3600, false)], never, clock);
    await clock.advance(60_000);
    expect((await wait).pending).to.deep.equal(['ahead']);
  });

  it('ends when it is cancelled', async () => {
    const stop = new AbortController();
    const wait = untilArchived(async () => [report('a', 0, false)], stop.signal, clock);
    const ended = wait.then(
      () => 'resolved',
      (error: unknown) => String(error),
    );
    await clock.advance(500);
    stop.abort(new Error('cancelled'));
    expect(await ended).to.include('cancelled');
  });
});
