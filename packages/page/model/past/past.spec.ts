import { pastRun, pastSuite, pastTest } from '@backendai-e2e/results/history/history-fixtures';
import type { HistoryRecord, HistoryTest } from '@backendai-e2e/results/history/record';
import { expect } from 'chai';
import { cellOf, stateOf } from './cells.ts';
import { neighboursOf } from './neighbours.ts';
import { pastOf } from './past-runs.ts';
import { sinceOf } from './since.ts';

/** A run of a day with one suite of these tests. */
const run = (day: number, tests: HistoryTest[], more: Partial<HistoryRecord> = {}) =>
  pastRun(day, [pastSuite('s', tests)], more);
const bad = (title: string, error = 'AssertionError: no') => pastTest(title, { state: 'failed', error });
const digest = (text: string) => ({
  tested: [{ name: 'manager', version: '26.9.6', digest: `sha256:${text}` }],
});

describe('a letter of the grid', () => {
  it('stands for each verdict and each state of a test', () => {
    for (const state of ['Passed', 'NoTests', 'passed', 'known-issue'])
      expect(stateOf(cellOf(state))).to.equal(state);
    expect(stateOf(cellOf(undefined))).to.equal('no verdict');
    expect(stateOf(' ')).to.equal(undefined);
    expect(stateOf(undefined)).to.equal(undefined);
  });
});

describe('the runs before', () => {
  const { past, tests } = pastOf([
    run(1, [pastTest('a')]),
    run(2, [bad('a'), pastTest('b')]),
    pastRun(3, []),
  ]);

  it('are columns, newest first, with a row for each suite and test', () => {
    expect(past.runs.map(({ name }) => name)).to.deep.equal(['run-3', 'run-2', 'run-1']);
    expect([...(past.suites[0]?.cells ?? '')].map(stateOf)).to.deep.equal([undefined, 'Passed', 'Passed']);
    expect(past.suites[0]?.times).to.deep.equal([-1, 200, 200]);
    expect(tests.suites[0]?.map(({ name, cells }) => [name, [...cells].map(stateOf)])).to.deep.equal([
      ['a', [undefined, 'failed', 'passed']],
      ['b', [undefined, 'passed', undefined]],
    ]);
  });

  it('hold each error once, and each set of parts once', () => {
    const same = pastOf([run(1, [bad('a')]), run(2, [bad('a')]), run(3, [bad('a')], digest('bb'))]);
    expect(same.tests.errors).to.deep.equal(['AssertionError: no']);
    expect(same.tests.suites[0]?.[0]?.errors).to.deep.equal([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
    expect(same.past.parts).to.have.lengthOf(2);
    expect(same.past.runs.map(({ parts }) => parts)).to.deep.equal([0, 1, 1]);
  });

  it('stay small: a thousand runs of 450 tests', function () {
    this.timeout(60_000);
    const suites = Array.from({ length: 45 }, (_, place) =>
      pastSuite(
        `suite-${place}`,
        Array.from({ length: 10 }, (__, index) => pastTest(`test ${index} of suite ${place}`)),
      ),
    );
    const many = Array.from({ length: 1000 }, (_, day) => pastRun(day + 1, suites));
    const built = pastOf(many);
    expect(JSON.stringify(built.past).length).to.be.below(600_000);
    expect(JSON.stringify(built.tests).length).to.be.below(3_000_000);
  });
});

describe('the flaky board', () => {
  it('has tests that contradict themselves, worst first, and no others', () => {
    const days = Array.from({ length: 8 }, (_, index) =>
      run(
        index + 1,
        [
          pastTest('steady'),
          index < 4 ? pastTest('broke') : bad('broke'),
          index % 2 ? pastTest('flips') : bad('flips'),
          pastTest('retried', index === 3 ? { recovered: true } : {}),
        ],
        digest(`digest-${index}`),
      ),
    );
    const { flaky } = pastOf(days).past;
    expect(flaky.map(({ title }) => title)).to.deep.equal(['flips', 'retried']);
    expect(flaky[0]).to.deep.include({
      runs: 8,
      share: 0.5,
      flips: 7,
      disagreements: 0,
      error: 'AssertionError: no',
    });
    expect(flaky[0]?.low).to.be.closeTo(0.215, 0.001);
  });

  it('has a test that was both good and bad on the same digests', () => {
    const { flaky } = pastOf([run(1, [pastTest('t')]), run(2, [bad('t')])]).past;
    expect(flaky.map(({ disagreements }) => disagreements)).to.deep.equal([1]);
  });
});

describe('the board of known issues', () => {
  const known = (issue: string, until: string) =>
    pastTest(`of ${issue}`, {
      state: 'known-issue',
      error: 'AssertionError: no',
      issue: { issue, version: '1', until },
    });

  it('has the one due first on top, and marks what is overdue and what does not show', () => {
    const { issues } = pastOf([
      run(1, [known('late', '2026-06-30'), known('over', '2026-01-01'), known('gone', '2026-03-31')]),
      run(5, [known('late', '2026-06-30'), known('over', '2026-01-01'), pastTest('of gone')]),
    ]).past;
    expect(
      issues.map(({ issue, overdue, shows, failed, results }) => [issue, overdue, shows, failed, results]),
    ).to.deep.equal([
      ['over', true, true, 2, 2],
      ['gone', false, false, 1, 2],
      ['late', false, true, 2, 2],
    ]);
  });
});

describe('the budget of a known issue', () => {
  it('is compared with the tests that fail only sometimes', () => {
    const issue = { issue: 'x', version: '1', until: '2026-06-30' };
    const always = pastTest('always', { state: 'known-issue', issue });
    const often = { ...issue, budget: { most: 1, of: 5 } };
    const { issues } = pastOf([
      run(1, [always, pastTest('often', { state: 'known-issue', issue: often })]),
      run(2, [always, pastTest('often')]),
      run(3, [always, pastTest('often', { state: 'known-issue', issue: often })]),
    ]).past;
    expect(issues).to.have.lengthOf(1);
    expect(issues[0]).to.deep.include({ tests: 2, failed: 2, results: 3, budget: { most: 1, of: 5 } });
  });
});

describe('the trends', () => {
  const day = (index: number, seconds: number, value = 1) =>
    pastRun(index, [
      pastSuite('s', [], { seconds, measurements: [{ name: 'start', unit: 's', values: [value] }] }),
    ]);

  it('mark a duration beyond the spread of those before it', () => {
    const { trends } = pastOf(
      [10, 10.1, 9.9, 10, 10.2, 30].map((seconds, index) => day(index + 1, seconds)),
    ).past;
    expect(trends).to.have.lengthOf(1);
    expect(trends[0]).to.deep.include({ kind: 'suite', median: 10, beyond: true });
    expect(trends[0]?.values).to.deep.equal([10, 10.1, 9.9, 10, 10.2, 30]);
  });

  it('judge nothing by few runs, and leave out what never changes', () => {
    const { trends } = pastOf([day(1, 10), day(2, 30)]).past;
    expect(trends.map(({ name, beyond }) => [name, beyond])).to.deep.equal([['duration', false]]);
  });
});

describe('what changed since the last comparable run', () => {
  const before = run(1, [pastTest('a'), bad('b'), bad('c'), pastTest('slow', { seconds: 1 })], digest('aa'));
  const now = run(
    2,
    [
      bad('a'),
      pastTest('b'),
      bad('c'),
      pastTest('slow', { seconds: 9 }),
      pastTest('k', { state: 'known-issue', issue: { issue: 'x', version: '1', until: '2026-06-30' } }),
    ],
    digest('bb'),
  );

  it('is new, fixed, still broken, known, slower, and the components with another digest', () => {
    const since = sinceOf([now, before], now, []);
    expect(since).to.deep.include({
      ...{ run: 'run-1', added: 1, gone: 0, components: ['manager'] },
      broke: ['area/one: a'],
      fixed: ['area/one: b'],
      stillBad: ['area/one: c'],
      slower: ['area/one: slow'],
      known: ['area/one: k'],
      parts: [{ name: 'manager', from: '26.9.6 aa', to: '26.9.6 bb' }],
    });
  });

  it('is unknown without such a run', () => {
    expect(sinceOf([pastRun(1, [pastSuite('other', [pastTest('a')])])], now, [])).to.equal(undefined);
  });

  it('calls no test slower whose durations always vary as much', () => {
    const wild = [1, 12, 3, 15, 2, 9, 14].map((seconds, index) =>
      run(index + 1, [pastTest('t', { seconds })]),
    );
    const last = run(9, [pastTest('t', { seconds: 15 })]);
    expect(sinceOf([...wild, run(8, [pastTest('t', { seconds: 2 })])], last, [])?.slower).to.deep.equal([]);
  });
});

describe('a run beside the one before it', () => {
  const other = pastSuite('other', [pastTest('o')]);
  const { past, tests } = pastOf([
    run(1, [pastTest('a')], digest('aa')),
    pastRun(2, [other]),
    pastRun(3, [pastSuite('s', [bad('a', 'AssertionError: <img>')]), other], digest('bb')),
  ]);

  it('is compared with the last that ran the same suite', () => {
    const found = neighboursOf(
      past,
      tests,
      0,
      past.suites.findIndex(({ name }) => name === 's'),
    );
    expect(found?.before.name).to.equal('run-1');
    expect(found?.changed.broke.map(({ title }) => title)).to.deep.equal(['a']);
    expect(found?.errors.get('s\na')).to.equal('AssertionError: <img>');
    expect(found?.parts).to.deep.equal([{ name: 'manager', from: '26.9.6 aa', to: '26.9.6 bb' }]);
  });

  it('is compared as a whole with the last of all', () => {
    expect(neighboursOf(past, tests, 0, undefined)?.before.name).to.equal('run-2');
  });

  it('has nothing before the first', () => {
    expect(neighboursOf(past, tests, 2, 1)).to.equal(undefined);
  });
});
