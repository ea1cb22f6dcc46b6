import { expect } from 'chai';
import { report, run, suite, test } from '../run-fixtures.ts';
import { type RunObjects, type RunRecord, runRecord } from '../run-record.ts';
import { play, playChanges, type Reporter } from './reporter.ts';

/** The events that a reporter gets, a line each. */
function eventsOf(body: (reporter: Reporter) => void): string[] {
  const events: string[] = [];
  body({
    runStarted: ({ name }) => events.push(`run ${name} started`),
    suiteStarted: ({ name, attempt }) => events.push(`${name} started, attempt ${attempt}`),
    testEnded: ({ title, state }, { name }) => events.push(`${name}: ${title} ${state}`),
    suiteEnded: ({ name, verdict }) => events.push(`${name} ended: ${verdict}`),
    runEnded: ({ succeeded }) => events.push(`run ended: ${succeeded?.status}`),
  });
  return events;
}

/** The events over a sequence of looks at a run, look by look. */
function eventsOver(...looks: RunObjects[]): string[][] {
  let before: RunRecord | undefined;
  return looks.map((look) => {
    const after = runRecord(look);
    const events = eventsOf((reporter) => playChanges(before, after, reporter));
    before = after;
    return events;
  });
}

const running = { status: 'Unknown', reason: 'Running' };
const failed = { status: 'False', reason: 'SuitesFailed' };
const red = test('b', { state: 'failed', error: 'no' });

describe('the events of a run', () => {
  it('come in order for a run that is over: the deciding attempt of each suite, then the end', () => {
    const second = { ...report('s', [test('a'), test('b')]), metadata: { name: 'run-s-2' } };
    second.spec = { ...second.spec, attempt: 2 };
    const objects = {
      run: run([suite('s', 'Flaky', { attempt: 2, report: 'run-s-2' }), suite('skipped', 'Skipped')]),
      reports: [report('s', [test('a'), red]), second],
    };
    expect(eventsOf((reporter) => play(runRecord(objects), reporter))).to.deep.equal([
      'run run started',
      's started, attempt 2',
      's: a passed',
      's: b passed',
      's ended: Flaky',
      'skipped started, attempt 1',
      'skipped ended: Skipped',
      'run ended: True',
    ]);
  });

  it('come once each for a run that is followed, also of an attempt that failed before', () => {
    const first = suite('s', 'Failed', { state: 'Running' });
    const again = { ...first, attempt: 2, report: 'run-s-2' };
    const next = report('s', []);
    next.metadata = { name: 'run-s-2' };
    next.spec = { ...next.spec, attempt: 2 };
    const over = run([{ ...again, state: 'Finished' }], failed);
    expect(
      eventsOver(
        { run: run([first], running), reports: [] },
        { run: run([first], running), reports: [report('s', [test('a')])] },
        { run: run([again], running), reports: [report('s', [test('a'), red]), next] },
        { run: over, reports: [report('s', [test('a'), red]), next] },
        { run: over, reports: [report('s', [test('a'), red]), next] },
      ),
    ).to.deep.equal([
      ['run run started', 's started, attempt 1'],
      ['s: a passed'],
      ['s: b failed', 's started, attempt 2'],
      ['s ended: Failed', 'run ended: False'],
      [],
    ]);
  });

  it('have no start for a suite that was never seen running', () => {
    const waiting = suite('s', 'Skipped', { state: 'Waiting', attempt: 0 });
    const skipped = suite('s', 'Skipped', { attempt: 0 });
    const looks = [waiting, skipped].map((line) => ({ run: run([line], running), reports: [] }));
    expect(eventsOver(...looks)).to.deep.equal([['run run started'], ['s ended: Skipped']]);
  });
});
