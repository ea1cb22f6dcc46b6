import { expect } from 'chai';
import { pastRun, pastSuite } from './history-fixtures.ts';
import { closerBound, inWords, type Judged, judgedRun, measuredChanges } from './measurement-gate.ts';
import { readHistoryLine } from './read.ts';
import type { HistoryMeasurement, HistoryRecord } from './record.ts';

const run = (day: number, more: Partial<HistoryMeasurement>, others: Partial<HistoryRecord> = {}) =>
  pastRun(
    day,
    [
      pastSuite('s', [], {
        seconds: 60,
        measurements: [{ name: 'app-request', unit: 'ms', values: [], ...more }],
      }),
    ],
    others,
  );

/** Runs a day apart with these values, the last one judged by the others. */
function judged(unit: string, values: readonly number[], paces: readonly number[] = []): Judged {
  const records = values.map((value, index) => {
    const pace = paces[index];
    return run(index + 1, { unit, values: [value] }, pace === undefined ? {} : { pace });
  });
  return of(records);
}

function of(records: readonly HistoryRecord[]): Judged {
  const [now] = records.slice(-1);
  const found = now && judgedRun(records, now).find(({ kind }) => kind === 'measurement');
  if (!found) throw new Error('no measurement was judged');
  return found;
}

describe('what a run measured, by the runs before it', () => {
  const steady = [12, 13, 12, 11, 12];

  it('is a regression three times above values that agree', () => {
    // What a worker measures whose requests take half a second longer, and a webserver with two seconds.
    expect(judged('ms', [...steady, 512]).judgement).to.equal('regressed');
    expect(judged('ms', [40, 55, 45, 50, 48, 2_050]).judgement).to.equal('regressed');
    expect(judged('s', [9, 10, 9.5, 11, 10, 30]).judgement).to.equal('regressed');
    expect(judged('MiB', [7, 6.4, 7.9, 6.9, 7.4, 35]).judgement).to.equal('regressed');
  });

  it('is worse beyond their spread, and usual within', () => {
    expect(judged('s', [9, 10, 9.5, 11, 10, 20]).judgement).to.equal('worse');
    expect(judged('s', [9, 10, 9.5, 11, 10, 11.5]).judgement).to.equal('usual');
    expect(judged('ms', [...steady, 50]).judgement).to.equal('usual');
    expect(judged('s', [9, 10, 9.5, 11, 10, 1]).judgement).to.equal('usual');
  });

  it('is no regression where the values before disagree, or one was as bad', () => {
    expect(judged('s', [0.2, 1.3, 4, 0.2, 2, 30]).judgement).to.equal('worse');
    expect(judged('s', [4, 4.1, 3.9, 4, 14, 4, 15]).judgement).to.equal('worse');
  });

  it('is no regression by a difference that is noise', () => {
    expect(judged('s', [0, 0, 0, 0, 0, 0.6]).judgement).to.equal('worse');
    expect(judged('s', [0, 0, 0, 0, 0, 2]).judgement).to.equal('regressed');
  });

  it('allows a busier machine more, except for memory', () => {
    const idle = [1, 1, 1, 1, 1];
    expect(judged('s', [9, 10, 9.5, 11, 10, 30], [...idle, 3]).judgement).to.equal('usual');
    expect(judged('MiB', [7, 6.4, 7.9, 6.9, 7.4, 35], [...idle, 5]).judgement).to.equal('regressed');
  });

  it('is worse when a rate falls, and not when it rises', () => {
    expect(judged('requests/s', [14, 15, 14, 16, 15, 4]).judgement).to.equal('regressed');
    expect(judged('requests/s', [14, 15, 14, 16, 15, 10]).judgement).to.equal('worse');
    expect(judged('requests/s', [14, 15, 14, 16, 15, 60]).judgement).to.equal('usual');
    expect(judged('requests/s', [14, 15, 14, 16, 15, 0]).judgement).to.equal('unknown');
  });

  it('is not judged by fewer than five runs', () => {
    expect(judged('ms', [12, 12, 12, 12, 900]).judgement).to.equal('unknown');
  });

  it('says nothing of units that count what a suite did', () => {
    const records = [1, 2, 3, 4, 5, 99].map((value, index) =>
      run(index + 1, { unit: 'writes', values: [value] }),
    );
    const kinds = judgedRun(records, records[5] as HistoryRecord).map(({ kind }) => kind);
    expect(kinds).to.deep.equal(['suite']);
  });

  it('never fails a run for the duration of a suite', () => {
    const records = [60, 61, 60, 59, 60, 600].map((seconds, index) =>
      pastRun(index + 1, [pastSuite('s', [], { seconds })]),
    );
    expect(judgedRun(records, records[5] as HistoryRecord)[0]?.judgement).to.equal('worse');
  });

  it('is compared with runs of the same environments and expression only', () => {
    const past = steady.map((value, index) => run(index + 1, { values: [value] }));
    const now = { values: [900] };
    expect(of([...past, run(9, now, { grep: 'x' })]).judgement).to.equal('unknown');
    expect(of([...past, run(9, now, { environments: ['e2e', 'e2e-2'] })]).judgement).to.equal('unknown');
    expect(of([...past, run(9, now)]).judgement).to.equal('regressed');
  });

  it('has the pace of its suite, not of the run', () => {
    const busy = (day: number, value: number, pace: number) =>
      pastRun(
        day,
        [
          pastSuite('s', [], {
            measurements: [
              { name: 'machine-pace', unit: '×', values: [pace] },
              { name: 'start', unit: 's', values: [value] },
            ],
          }),
        ],
        { pace: 1 },
      );
    expect(of([...[1, 2, 3, 4, 5].map((day) => busy(day, 10, 1)), busy(6, 30, 3)]).judgement).to.equal(
      'usual',
    );
  });

  it('is a regression beyond the bound of its suite, in the first run too', () => {
    const beyond = of([run(1, { unit: 's', values: [3, 26, 4], bound: { value: 26, limit: 25 } })]);
    expect(beyond.judgement).to.equal('regressed');
    expect(inWords(beyond)).to.equal('s: app-request is 26 s, and its bound is 25 s');
    expect(of([run(1, { unit: 's', values: [25], bound: { value: 25, limit: 25 } })]).judgement).to.equal(
      'unknown',
    );
    expect(
      of([run(1, { unit: 'requests/s', values: [9, 30], bound: { value: 9, limit: 10 } })]).judgement,
    ).to.equal('regressed');
  });

  it('has its median and the number of runs in words', () => {
    expect(inWords(judged('ms', [...steady, 512]))).to.equal(
      's: app-request is 512 ms, usually 12 ms (5 runs)',
    );
  });
});

describe('what two runs measured differently', () => {
  const changes = (unit: string, before: number, after: number) =>
    measuredChanges(run(1, { unit, values: [before] }), run(2, { unit, values: [after] })).map(
      ({ judgement }) => judgement,
    );

  it('is a change by more than a factor of two', () => {
    expect(changes('ms', 12, 512)).to.deep.equal(['worse']);
    expect(changes('ms', 512, 12)).to.deep.equal(['better']);
    expect(changes('requests/s', 15, 4)).to.deep.equal(['worse']);
    expect(changes('s', 10, 19)).to.deep.equal([]);
  });

  it('is no change within the noise, nor in a unit without a rule', () => {
    expect(changes('s', 0.1, 0.4)).to.deep.equal([]);
    expect(changes('writes', 1, 99)).to.deep.equal([]);
  });
});

describe('the bound of a measurement', () => {
  it('is that of the value that comes closest to its own', () => {
    const [loose, tight] = [
      { value: 26, limit: 30 },
      { value: 24, limit: 25 },
    ];
    expect(closerBound('s', loose, tight)).to.equal(tight);
    expect(closerBound('s', tight, loose)).to.equal(tight);
    expect(closerBound('s', undefined, loose)).to.equal(loose);
    const [slow, fast] = [
      { value: 11, limit: 10 },
      { value: 20, limit: 10 },
    ];
    expect(closerBound('requests/s', fast, slow)).to.equal(slow);
  });

  it('is read back from the history', () => {
    const record = run(1, { values: [3], bound: { value: 3, limit: 25 } });
    expect(readHistoryLine(JSON.stringify(record))).to.deep.equal(record);
  });
});
