import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import {
  holdsFor,
  InvalidList,
  judgeBy,
  KNOWN_ISSUES,
  type KnownIssue,
  parseKnownIssues,
  readKnownIssues,
} from './known-issues.ts';

const LIST_TESTS = fileURLToPath(new URL('./list.ts', import.meta.url));

const issue: KnownIssue = {
  issue: 'It is wrong',
  since: '1.0.0',
  until: '1.0.1',
  evidence: 'seen',
  owner: 'maintainers',
  expires: '2026-06-30',
  tests: [{ file: 'area/one', title: 'a › b', symptom: 'expected 1' }],
};
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
        'listed as known issue "It is wrong" (1.0.0), but passes: give its release in fixedIn, in suites/known-issues.yaml',
    });
  });
  it('accepts an intermittent test that passes, and fails it when it has another error', () => {
    const test = { file: 'area/one', title: 'a › b', symptom: 'expected 1', intermittent: true };
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
      intermittent: true,
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

describe('a list of known issues', () => {
  const whole = { ...issue, upstream: '#10751, #14323', severity: 'low' };
  const shaky = { ...issue.tests[0], intermittent: true };
  const text = (change: (entry: Record<string, unknown>) => void, times = 1): string => {
    const entry: Record<string, unknown> = { ...whole };
    change(entry);
    return JSON.stringify({ issues: Array(times).fill(entry) });
  };
  it('is read as it is written', () => {
    expect(parseKnownIssues(text(() => undefined))).to.deep.equal([whole]);
  });
  it('is refused with the place of the mistake', () => {
    const mistakes: [string, RegExp][] = [
      ['issues: nothing', /issues must be a list/],
      ['{}', /must have exactly these keys: issues/],
      [
        text((entry) => Object.assign(entry, { expires: '2026-02-30' })),
        /issues\[0\]\.expires is 2026-02-30/,
      ],
      [text((entry) => Object.assign(entry, { expires: 'soon' })), /expires is soon/],
      [text((entry) => Object.assign(entry, { since: 26.9 })), /issues\[0\]\.since must be a release/],
      [text((entry) => Object.assign(entry, { until: 'x' })), /issues\[0\]\.until must be a release/],
      [text((entry) => Object.assign(entry, { until: '0.9.9' })), /issues\[0\] ends before it begins/],
      [text((entry) => Object.assign(entry, { fixedIn: '1.0.2' })), /must have either until or fixedIn/],
      [text((entry) => Object.assign(entry, { since: undefined, until: undefined })), /must say since/],
      [text((entry) => Object.assign(entry, { owner: ' ' })), /issues\[0\]\.owner must be a text/],
      [text((entry) => delete entry.evidence), /issues\[0\] must have exactly these keys/],
      [text((entry) => Object.assign(entry, { versions: ['1.0.0'] })), /it has .*versions/],
      [text((entry) => Object.assign(entry, { tests: [{ file: 'a', title: 'b' }] })), /tests\[0\] must have/],
      [
        text((entry) => Object.assign(entry, { upstream: 'many' })),
        /upstream is many: it must be "none found"/,
      ],
      [
        text((entry) => Object.assign(entry, { severity: 'odd' })),
        /severity must be one of high, medium, low/,
      ],
      [text((entry) => Object.assign(entry, { tests: [shaky] })), /budget must be there if/],
      [
        text((entry) => Object.assign(entry, { budget: { most: 1, of: 2, measured: 'x' } })),
        /budget must be there if/,
      ],
      [
        text((entry) => Object.assign(entry, { tests: [shaky], budget: { most: 2, of: 2, measured: 'x' } })),
        /budget must allow from 1 failure to fewer than all/,
      ],
      [text(() => undefined, 2), /lists a test twice: area\/one: a › b \(1\.0\.0\)/],
    ];
    for (const [yaml, message] of mistakes) {
      expect(() => parseKnownIssues(yaml)).to.throw(InvalidList, message);
    }
  });
});

describe('suites/known-issues.yaml', function () {
  this.timeout(60_000);
  const issues = readKnownIssues(KNOWN_ISSUES);

  it('names tests that exist', async () => {
    const tests = issues.flatMap((one) => one.tests.map(({ file, title }) => ({ file, title })));
    const files = [...new Set(tests.map((test) => test.file))];
    const { stdout } = await promisify(execFile)(process.execPath, [LIST_TESTS, ...files]);
    expect(JSON.parse(stdout)).to.deep.include.members(tests);
  });
  it('lets the worst issues expire first, and few on the same day', () => {
    const days = (wanted: string) =>
      issues.filter(({ severity }) => severity === wanted).map(({ expires }) => expires);
    const bySeverity = ['high', 'medium', 'low'].map((wanted) => days(wanted).sort());
    expect(bySeverity.flat()).to.deep.equal(bySeverity.flat().toSorted());
    expect(bySeverity.flat()).to.have.length(issues.length);
    const sameDay = Map.groupBy(issues, ({ expires }) => expires);
    expect(Math.max(...[...sameDay.values()].map((some) => some.length))).to.be.at.most(3);
  });
  it('names upstream issues, or says that none was found', () => {
    for (const { upstream, issue } of issues) expect(upstream, issue).to.match(/^(none found|#\d)/);
  });
  it('has a measured rate within each budget', () => {
    for (const { budget, issue } of issues) {
      if (!budget) continue;
      const [, some, all] = /^(\d+) of (\d+) /.exec(budget.measured) ?? [];
      if (all === undefined) expect(budget.measured, issue).to.include('rate not measured');
      else expect(Number(some) / Number(all), issue).to.be.at.most(budget.most / budget.of);
    }
  });
});
