import { expect } from 'chai';
import { pastRun, pastSuite, pastTest } from './history-fixtures.ts';
import type { HistoryRecord, HistorySuite } from './record.ts';
import { cpuRate, suiteDurations } from './suite-durations.ts';

const took = (
  day: number,
  seconds: number,
  suite: Partial<HistorySuite> = {},
  more: Partial<HistoryRecord> = {},
): HistoryRecord => pastRun(day, [pastSuite('alpha', [pastTest('works')], { seconds, ...suite })], more);

describe('the durations that a history knows', () => {
  it('are the medians of comparable runs', () => {
    const records = [took(1, 10), took(2, 90), took(3, 20)];
    expect([...suiteDurations(records, 1)]).to.deep.equal([['alpha', { seconds: 20, runs: 3 }]]);
  });

  it('are absent for a suite with two runs', () => {
    expect(suiteDurations([took(1, 10), took(2, 12)], 1).size).to.equal(0);
  });

  it('are those of the ten newest runs', () => {
    const records = Array.from({ length: 30 }, (_, day) => took(day + 1, day < 20 ? 100 : 7));
    expect(suiteDurations(records, 1).get('alpha')).to.deep.equal({ seconds: 7, runs: 10 });
  });

  it('count a run once, however many files hold it', () => {
    expect(suiteDurations([took(1, 10), took(1, 10), took(1, 10), took(2, 10)], 1).size).to.equal(0);
  });

  const two = ['e2e', 'e2e-2'];
  const others: [string, HistoryRecord][] = [
    ['a run of some tests', took(9, 1, {}, { grep: 'works' })],
    ['a run in two environments', took(9, 1, {}, { environments: two })],
    ['a suite that failed', took(9, 1, { verdict: 'Failed' })],
    ['a suite that was interrupted', took(9, 1, { verdict: 'Interrupted' })],
    ['a suite that was skipped', took(9, 1, { verdict: 'Skipped' })],
    ['a suite of no duration', took(9, 0)],
  ];
  for (const [title, other] of others) {
    it(`leave out ${title}`, () => {
      expect(suiteDurations([took(1, 10), took(2, 10), other], 1).size).to.equal(0);
    });
  }

  it('count a suite that failed as listed, because it did all of its work', () => {
    const records = [took(1, 10), took(2, 10), took(3, 10, { verdict: 'KnownIssue' })];
    expect(suiteDurations(records, 1).get('alpha')?.runs).to.equal(3);
  });
});

describe('the CPU that a history knows', () => {
  const cost = (cpuSeconds: number) => ({ cost: { cpuSeconds, cores: 2 } });

  it('is the median of CPU seconds for each second of a suite', () => {
    const records = [took(1, 10, {}, cost(6)), took(2, 10, {}, cost(90)), took(3, 100, {}, cost(70))];
    expect(cpuRate(records, 1)).to.deep.equal({ seconds: 0.7, runs: 3 });
  });

  it('is not known from two runs, nor from runs without a cost', () => {
    expect(cpuRate([took(1, 10, {}, cost(6)), took(2, 10, {}, cost(6)), took(3, 10)], 1)).to.equal(undefined);
  });
});
