import { test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { judge } from './judge.ts';
import { BACKTEST_PAGE, backtestPage } from './page.ts';
import { comparisons } from './plan.ts';
import { pairOf, parseRepairs } from './repairs.ts';
import { merged, stateOf, tallyInWords, tallyOf } from './results.ts';

const LIST = `
repairs:
  - id: '12'
    component: manager
    repaired: [26.9.1..26.9.2]
    wrong: Keys live on.
    suite: a
    test: user is refused
  - id: '13'
    component: agent
    repaired: [26.9.1..26.9.2]
    wrong: It hangs.
    missing: No test waits.
`;
const repairs = parseRepairs(LIST);
const [comparison] = comparisons(repairs);
if (!comparison) throw new Error('the list has no test');

const trial = (...tests: ReturnType<typeof test>[]) => ({
  ...{ code: 1 as const, verdicts: new Map(), met: '' },
  tests: new Map([['a', tests]]),
});
const green = trial(test('the user › is refused'), test('another', { state: 'failed', error: 'x' }));
const red = trial(test('the user › is refused', { state: 'failed', error: 'answered 200\nstack' }));
const judged = (before?: typeof green | ReturnType<typeof noRun>, after?: typeof green) =>
  judge(
    comparison,
    new Map([
      ...(before ? [['26.9.1', before] as const] : []),
      ...(after ? [['26.9.2', after] as const] : []),
    ]),
  );
const noRun = (why: string) => ({ ...trial(), tests: new Map(), why });

describe('the judgement of a backtest', () => {
  it('is caught for a test that is red before and green after', () => {
    expect(judged(red, green)).to.deep.equal({
      ...{ id: '12', state: 'caught', pair: '26.9.1..26.9.2', said: 'the user › is refused: answered 200' },
    });
  });
  it('is caught by a known issue as well', () => {
    const known = trial(test('the user › is refused', { state: 'known-issue', error: 'answered 200' }));
    expect(judged(known, green).state).to.equal('caught');
  });
  it('is missed for a test that is green on both, whatever other tests say', () => {
    expect(judged(green, green)).to.include({ state: 'missed', said: '1 passed' });
  });
  it('is not comparable for a test that is red after the repair', () => {
    expect(judged(red, red)).to.include({ state: 'not comparable', reason: 'red on both' });
    expect(judged(green, red)).to.include({ state: 'not comparable', reason: 'red on 26.9.2 only' });
  });
  it('is not comparable where no test ran, with the reason', () => {
    expect(judged(noRun('EnvironmentFailed: no'), green)).to.include({
      ...{ state: 'not comparable', reason: 'no test ran on 26.9.1', said: 'EnvironmentFailed: no' },
    });
    expect(judged(red)).to.include({ reason: '26.9.2 was not deployed' });
    expect(judged(trial(), green)).to.include({ reason: 'the test says nothing on 26.9.1' });
    const open = trial(test('the user › is refused', { state: 'inconclusive', error: 'no fault' }));
    expect(judged(open, green)).to.include({ reason: 'the test says nothing on 26.9.1' });
    const hook = trial(test('"before all" hook', { state: 'failed', error: 'no user' }));
    expect(judged(hook, green)).to.include({ reason: 'the test could not begin on 26.9.1' });
  });
  it('is not comparable for a failure that says something else', () => {
    const [strict] = comparisons(parseRepairs(LIST.replace('is refused', 'is refused\n    says: "200"')));
    if (!strict) throw new Error('no test');
    const other = trial(test('the user › is refused', { state: 'failed', error: 'NoAnswer' }));
    const both = (before: typeof green) => new Map(Object.entries({ '26.9.1': before, '26.9.2': green }));
    expect(judge(strict, both(other))).to.include({ reason: 'red for another reason on 26.9.1' });
    expect(judge(strict, both(red)).state).to.equal('caught');
  });
  it('is no miss on a release that may not have the fault yet', () => {
    const [wide] = comparisons(repairs, { pair: pairOf('26.9.0..26.9.6', 'pair') });
    if (!wide) throw new Error('no test');
    const both = (before: typeof green) => new Map(Object.entries({ '26.9.0': before, '26.9.6': green }));
    expect(judge(wide, both(green))).to.include({
      ...{ state: 'not comparable', reason: 'green on both, and 26.9.0 may not have the fault yet' },
    });
    expect(judge(wide, both(red)).state).to.equal('caught');
  });
});

describe('the results of a backtest', () => {
  const caught = merged(repairs, [], [judged(red, green)], '2026-11-30');

  it('are kept until the row changes', () => {
    expect(merged(repairs, caught, [], '2026-12-01')).to.deep.equal(caught);
    const changed = parseRepairs(LIST.replace('user is refused', 'user is asked'));
    expect(merged(changed, caught, [], '2026-12-01')).to.deep.equal([]);
    expect(changed.map((repair) => stateOf(repair, caught))).to.deep.equal(['not tried', 'missed']);
  });
  it('are replaced by later ones', () => {
    const [later] = merged(repairs, caught, [judged(green, green)], '2026-12-01');
    expect(later).to.include({ state: 'missed', on: '2026-12-01' });
  });
  it('count a repair without a test as missed', () => {
    expect(tallyInWords(tallyOf(repairs, caught))).to.equal(
      '1 caught, 1 missed, 0 not comparable, 0 not tried',
    );
  });
  it('stand on the page with their releases and their day', () => {
    const page = backtestPage(repairs, caught);
    expect(BACKTEST_PAGE).to.match(/\.md$/);
    expect(page).to.include('Of 2 repairs: 1 caught, 1 missed, 0 not comparable, 0 not tried.');
    expect(page).to.include('The last result is of 2026-11-30.');
    expect(page).to.include(
      '| #12 | 26.9.1..26.9.2 | Keys live on. | `a`: `user is refused` | caught (26.9.1..26.9.2, 2026-11-30) |',
    );
    expect(page).to.include('| #13 | 26.9.1..26.9.2 | It hangs. | No test waits. | missed |');
    expect(backtestPage(repairs, [])).to.include('| not tried |');
  });
});
