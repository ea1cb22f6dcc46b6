import { expect } from 'chai';
import { comparableBefore, earlierThan, fingerprintOf, inOrder } from './comparable.ts';
import { pastRun, pastSuite, pastTest } from './history-fixtures.ts';
import { gateOf, medianOf, spreadOf } from './spread.ts';
import { isFlaky, isGood, stabilityOf } from './stability.ts';
import { wilsonRate } from './wilson.ts';

describe('the spread of durations', () => {
  it('has median, quartiles and median deviation', () => {
    expect(spreadOf([4, 1, 3, 2, 10])).to.deep.equal({
      ...{ count: 5, median: 3, low: 2, high: 4, highest: 10, deviation: 1 },
    });
    expect(medianOf([1, 2])).to.equal(1.5);
    expect(spreadOf([])).to.equal(undefined);
  });
});

describe('the regression gate', () => {
  const steady = [10, 10.2, 9.9, 10.1, 10];

  it('lets noise pass, and stops what exceeds it', () => {
    expect(gateOf(12, steady, { least: 1 })?.beyond).to.equal(false);
    expect(gateOf(13, steady, { least: 1 })?.beyond).to.equal(true);
  });

  it('is as wide as the values before it', () => {
    const wild = [10, 20, 5, 15, 25, 8, 18];
    expect(gateOf(30, wild, { least: 1 })?.beyond).to.equal(false);
    expect(gateOf(50, wild, { least: 1 })?.beyond).to.equal(true);
  });

  it('is not fooled by one outlier among them', () => {
    expect(gateOf(20, [...steady, 500], { least: 1 })?.beyond).to.equal(true);
  });

  it('allows a busier machine more, and a less busy one no less', () => {
    expect(gateOf(13, steady, { least: 1, pace: 2 })?.beyond).to.equal(false);
    expect(gateOf(12, steady, { least: 1, pace: 0.1 })?.beyond).to.equal(false);
  });

  it('judges nothing by fewer than five, and looks at the last ten', () => {
    expect(gateOf(100, [1, 1, 1, 1], { least: 1 })).to.equal(undefined);
    const long = [...Array(10).fill(30), ...Array(90).fill(1)];
    expect(gateOf(31, long, { least: 1 })?.beyond).to.equal(false);
  });

  it('ignores differences below the least', () => {
    expect(gateOf(0.3, [0.1, 0.1, 0.1, 0.1, 0.1], { least: 0.5 })?.beyond).to.equal(false);
  });
});

describe('the interval of a pass rate', () => {
  /** Values of the formula, as tables of the Wilson interval have them. */
  for (const [successes, trials, low, high] of [
    [0, 10, 0, 0.278],
    [10, 10, 0.722, 1],
    [5, 10, 0.237, 0.763],
    [98, 100, 0.93, 0.994],
  ] as const) {
    it(`of ${successes} in ${trials} is ${low} to ${high}`, () => {
      const rate = wilsonRate(successes, trials);
      expect(rate.low).to.be.closeTo(low, 0.001);
      expect(rate.high).to.be.closeTo(high, 0.001);
    });
  }

  it('is everything without a trial', () => {
    expect(wilsonRate(0, 0)).to.deep.equal({ share: 0, low: 0, high: 1 });
  });
});

describe('the stability of a test', () => {
  const series = (text: string, fingerprint?: (index: number) => string) =>
    [...text].map((letter, index) => ({
      good: letter === '+',
      ...(fingerprint ? { fingerprint: fingerprint(index) } : {}),
    }));

  it('counts each change between good and bad', () => {
    expect(stabilityOf(series('++-+--'))).to.deep.include({ runs: 6, flips: 3, disagreements: 0 });
    expect(stabilityOf(series('++++')).passes.share).to.equal(1);
  });

  it('finds good and bad results on the same digests', () => {
    expect(stabilityOf(series('+-', () => 'a')).disagreements).to.equal(1);
    expect(stabilityOf(series('+-', (index) => `digest-${index}`)).disagreements).to.equal(0);
  });

  it('calls a break and its repair no flake, but a third flip', () => {
    expect(isFlaky(stabilityOf(series('++--++')))).to.equal(false);
    expect(isFlaky(stabilityOf(series('++-+-')))).to.equal(true);
    expect(isFlaky(stabilityOf(series('+-', () => 'a')))).to.equal(true);
    expect(isFlaky(stabilityOf([{ good: true, recovered: true }]))).to.equal(true);
  });

  it('takes no known, skipped or interrupted test for good or bad', () => {
    for (const state of ['known-issue', 'pending', 'interrupted'] as const)
      expect(isGood(pastTest('t', { state })), state).to.equal(undefined);
    expect(isGood(pastTest('t', { state: 'inconclusive' }))).to.equal(false);
  });
});

describe('the run to compare with', () => {
  const suites = ['a', 'b', 'c', 'd'].map((name) => pastSuite(name, [pastTest('t')]));
  const now = pastRun(9, suites);

  it('is the newest before it that ran half of its suites', () => {
    const part = pastRun(8, suites.slice(0, 1));
    const half = pastRun(7, suites.slice(0, 2));
    expect(comparableBefore([pastRun(10, suites), half, now, part, pastRun(1, suites)], now)?.name).to.equal(
      'run-7',
    );
  });

  it('has the same expression and an environment of the same name', () => {
    const grep = pastRun(8, suites, { grep: 'upload' });
    const elsewhere = pastRun(7, suites, { environments: ['staging'] });
    expect(comparableBefore([grep, elsewhere], now)).to.equal(undefined);
    expect(comparableBefore([grep], pastRun(9, suites, { grep: 'upload' }))).to.equal(grep);
  });

  it('ran tests: one that was refused says nothing', () => {
    const refused = pastRun(8, [pastSuite('a', []), pastSuite('b', [])]);
    expect(comparableBefore([refused], now)).to.equal(undefined);
  });

  it('is one of an order in which each run counts once', () => {
    expect(inOrder([now, pastRun(2, []), now]).map(({ name }) => name)).to.deep.equal(['run-2', 'run-9']);
    expect(earlierThan([now, pastRun(2, []), pastRun(11, [])], now).map(({ name }) => name)).to.deep.equal([
      'run-2',
    ]);
  });
});

describe('the fingerprint of what was tested', () => {
  it('differs with a digest of a component or of the suites, not with the version of the command', () => {
    const one = pastRun(1, []);
    const tools = pastRun(2, [], { testing: [{ name: 'command', version: '0.3.0' }] });
    const other = pastRun(3, [], { tested: [{ name: 'manager', version: '26.9.6', digest: 'sha256:bb' }] });
    const suites = pastRun(4, [], { testing: [{ name: 'suite', digest: 'sha256:cc' }] });
    expect(fingerprintOf(tools)).to.equal(fingerprintOf(one));
    expect(fingerprintOf(other)).not.to.equal(fingerprintOf(one));
    expect(fingerprintOf(suites)).not.to.equal(fingerprintOf(one));
    expect(fingerprintOf(pastRun(5, [], { tested: [] }))).to.equal(undefined);
  });
});
