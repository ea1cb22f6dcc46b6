import { expect } from 'chai';
import type { KnownIssue } from './known-issue.ts';
import { ISSUE as issue } from './known-issue-fixtures.ts';
import { holdsFor, judgeBy } from './known-issues.ts';

const listed = { file: 'area/one', title: 'a › b' };
const broken = { state: 'failed', error: 'AssertionError: expected 1 to equal 2' } as const;

describe('the judge of known issues', () => {
  const judge = (version: string | undefined, day: string) =>
    judgeBy([issue], version, new Date(`${day}T23:59:00Z`));

  it('turns a listed test that fails as listed into a known issue, until the last day', () => {
    const result = judge('1.0.1', '2026-06-30')(listed, broken);
    expect(result.state).to.equal('known-issue');
    expect(result.error).to.include('It is wrong').and.to.include('expected 1 to equal 2');
  });
  it('fails a listed test that passes, and gives the remedy', () => {
    expect(judge('1.0.0', '2026-06-30')(listed, { state: 'passed' })).to.deep.equal({
      state: 'failed',
      error:
        'listed as known issue "It is wrong" (1.0.0), but passes: give its release in fixedIn, in suites/known-issues',
    });
  });
  it('accepts an intermittent test that passes, and fails it when it has another error', () => {
    const test = { file: 'area/one', title: 'a › b', symptom: 'expected 1', intermittent: true as const };
    const judge = judgeBy([{ ...issue, tests: [test] }], '1.0.0', new Date('2026-06-30T00:00:00Z'));
    expect(judge(listed, { state: 'passed' })).to.deep.equal({ state: 'passed' });
    expect(judge(listed, broken).state).to.equal('known-issue');
    expect(judge(listed, { state: 'failed', error: 'no answer' }).state).to.equal('failed');
  });
  it('fails a listed test after the last day', () => {
    const result = judge('1.0.0', '2026-07-01')(listed, broken);
    expect(result.state).to.equal('failed');
    expect(result.error).to.include('expired on 2026-06-30. maintainers:').and.to.include(broken.error);
  });
  it('fails a listed test that has another error', () => {
    const result = judge('1.0.0', '2026-06-30')(listed, { state: 'failed', error: 'no answer' });
    expect(result.state).to.equal('failed');
    expect(result.error).to.include('fails with another error than "expected 1"\nno answer');
  });
  it('looks for the symptom in the first line of the error, not in its requests or stack', () => {
    const error =
      'Error: no answer\nLast requests:\n  GET /\n    → expected 1 (0.1 s)\n    at expected 1 (a.ts:1)';
    const result = judge('1.0.0', '2026-06-30')(listed, { state: 'failed', error });
    expect(result.state).to.equal('failed');
    expect(result.error).to.include('fails with another error than "expected 1"\nError: no answer');
  });
  describe('with a budget', () => {
    const titles = ['a', 'b', 'c', 'd'];
    const tests = titles.map((title) => ({
      file: 'area/one',
      title,
      symptom: 'expected 1',
      intermittent: true as const,
    }));
    const budget = { most: 1, of: 3, measured: '1 of 9' };
    const states = (...ends: ('passed' | 'failed')[]) => {
      const judge = judgeBy([{ ...issue, tests, budget }], '1.0.0', new Date('2026-06-30T00:00:00Z'));
      return ends.map((state, index) =>
        judge({ file: 'area/one', title: titles[index] ?? '' }, state === 'failed' ? broken : { state }),
      );
    };

    it('accepts as many failures as it allows', () => {
      expect(states('passed', 'failed', 'passed').map(({ state }) => state)).to.deep.equal([
        'passed',
        'known-issue',
        'passed',
      ]);
    });
    it('is in the first line, from which the command adds up runs', () => {
      expect(states('failed')[0]?.error).to.match(
        /^known issue "It is wrong" \(1\.0\.0\), until 2026-06-30, at most 1 of 3\n/,
      );
    });
    it('fails those above it, and says so', () => {
      const [first, , third] = states('failed', 'passed', 'failed');
      expect(first?.state).to.equal('known-issue');
      expect(third?.state).to.equal('failed');
      expect(third?.error).to.match(
        /shows too often: 2 of 3 tests, the budget is 1 of 3 \(measured: 1 of 9\)/,
      );
    });
    it('counts the last tests only', () => {
      expect(states('failed', 'passed', 'passed', 'failed')[3]?.state).to.equal('known-issue');
    });
  });
  it('does not change the results of other tests', () => {
    for (const [test, version] of [
      [{ ...listed, title: 'a › c' }, '1.0.0'],
      [{ ...listed, file: 'area/two' }, '1.0.0'],
      [listed, '1.0.2'],
      [listed, undefined],
    ] as const) {
      expect(judge(version, '2026-06-30')(test, broken)).to.deep.equal(broken);
      expect(judge(version, '2026-06-30')(test, { state: 'passed' })).to.deep.equal({ state: 'passed' });
    }
    const unsure = { state: 'inconclusive', error: 'expected 1' } as const;
    expect(judge('1.0.0', '2026-06-30')(listed, unsure)).to.deep.equal(unsure);
  });
});

describe('the releases that an entry holds for', () => {
  const { since: _, until: __, ...plain } = issue;
  const held = (range: Partial<KnownIssue>) =>
    ['26.8.3', '26.9.0', '26.9.6', '26.10.0.dev0', 'nightly'].filter((version) =>
      holdsFor({ ...plain, ...range }, version),
    );

  it('begin with since, and go on until something ends them', () => {
    expect(held({ since: '26.9.0' })).to.deep.equal(['26.9.0', '26.9.6', '26.10.0.dev0']);
    expect(held({ since: '26.9.0', until: '26.9.5' })).to.deep.equal(['26.9.0']);
  });
  it('end before the release that repairs it', () => {
    expect(held({ fixedIn: '26.9.6' })).to.deep.equal(['26.8.3', '26.9.0']);
    expect(held({ fixedIn: '26.10.0' })).to.deep.equal(['26.8.3', '26.9.0', '26.9.6']);
  });
});
