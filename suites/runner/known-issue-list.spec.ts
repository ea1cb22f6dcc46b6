import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { nearMisses } from '@backendai-e2e/tools/fuzz/near-misses';
import { expect } from 'chai';
import fc from 'fast-check';
import { InvalidList } from '../lists/files.ts';
import { KNOWN_ISSUES, listsNaming } from './known-issue-files.ts';
import { ISSUE as issue } from './known-issue-fixtures.ts';
import { issuesOf, parseKnownIssues, readKnownIssues } from './known-issue-list.ts';

const LIST_TESTS = fileURLToPath(new URL('./list.ts', import.meta.url));

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
  it('is read as it is meant, or refused with a sentence, whatever it holds', function () {
    this.timeout(LAST_RESORT_MS);
    const budget = { most: 1, of: 20, measured: 'twice in 40 runs' };
    const issues = [{ ...whole, budget, tests: [shaky, issue.tests[0]] }, whole];
    fc.assert(
      fc.property(nearMisses({ issues }), (document) => {
        try {
          for (const read of issuesOf(document, 'area.yaml')) {
            for (const words of [read.issue, read.evidence, read.owner, read.expires])
              expect(words).to.be.a('string').that.is.not.equal('');
            for (const { file, title, symptom } of read.tests)
              for (const words of [file, title, symptom])
                expect(words).to.be.a('string').that.is.not.equal('');
          }
        } catch (error) {
          expect(error).to.be.instanceOf(InvalidList);
          expect(String(error)).to.include('area.yaml: ');
        }
      }),
      { numRuns: 10_000 },
    );
  });
  it('is refused with the place of the mistake', () => {
    const mistakes: [string, RegExp][] = [
      ['issues: nothing', /issues: must be a list with at least one entry, not "nothing"/],
      ['{}', /the document: must have required properties issues/],
      [
        text((entry) => Object.assign(entry, { expires: '2026-02-30' })),
        /issues\[0\]\.expires: must be a day such as 2027-02-28, not "2026-02-30"/,
      ],
      [
        text((entry) => Object.assign(entry, { expires: 'soon' })),
        /expires: must be a day such as 2027-02-28, not "soon"/,
      ],
      [
        text((entry) => Object.assign(entry, { since: 26.9 })),
        /issues\[0\]\.since: must be a release such as '26.9.6', not 26.9/,
      ],
      [
        text((entry) => Object.assign(entry, { until: 'x' })),
        /issues\[0\]\.until: must be a release such as '26.9.6', not "x"/,
      ],
      [text((entry) => Object.assign(entry, { until: '0.9.9' })), /issues\[0\]: ends before it begins/],
      [text((entry) => Object.assign(entry, { fixedIn: '1.0.2' })), /must have either until or fixedIn/],
      [text((entry) => Object.assign(entry, { since: undefined, until: undefined })), /must say since/],
      [text((entry) => Object.assign(entry, { owner: ' ' })), /issues\[0\]\.owner: must be a text/],
      [text((entry) => delete entry.evidence), /issues\[0\]: must have required properties evidence/],
      [
        text((entry) => Object.assign(entry, { versions: ['1.0.0'] })),
        /issues\[0\]\.versions: there is no such field/,
      ],
      [
        text((entry) => Object.assign(entry, { tests: [{ file: 'a', title: 'b' }] })),
        /issues\[0\]\.tests\[0\]: must have required properties symptom/,
      ],
      [
        text((entry) => Object.assign(entry, { upstream: 'many' })),
        /issues\[0\]\.upstream: must be "none found", or numbers .*, not "many"/,
      ],
      [
        text((entry) => Object.assign(entry, { severity: 'odd' })),
        /issues\[0\]\.severity: must be one of high, medium, low, not "odd"/,
      ],
      [text((entry) => Object.assign(entry, { tests: [shaky] })), /budget must be there if/],
      [
        text((entry) => Object.assign(entry, { budget: { most: 1, of: 2, measured: 'x' } })),
        /budget must be there if/,
      ],
      [
        text((entry) => Object.assign(entry, { tests: [shaky], budget: { most: 2, of: 2, measured: 'x' } })),
        /issues\[0\]: budget must allow fewer failures than tests/,
      ],
      [
        text((entry) => Object.assign(entry, { tests: [shaky], budget: { most: 0, of: 2, measured: 'x' } })),
        /issues\[0\]\.budget\.most: must be a whole number from 1, not 0/,
      ],
      [
        text((entry) => Object.assign(entry, { tests: [{ ...shaky, intermittent: false }] })),
        /tests\[0\]\.intermittent: must be true or left out, not false/,
      ],
      [
        text((entry) => Object.assign(entry, { owner: ' me' })),
        /owner: must be a text without blanks around it/,
      ],
      [text(() => undefined, 2), /lists a test twice: area\/one: a › b \(1\.0\.0\)/],
    ];
    for (const [yaml, message] of mistakes) {
      expect(() => parseKnownIssues(yaml)).to.throw(InvalidList, message);
    }
  });
});

describe('a folder of lists of known issues', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'e2e-known-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (name: string, ...issues: object[]) =>
    writeFileSync(path.join(folder, name), JSON.stringify({ issues }));
  const other = { ...issue, issue: 'It is late', tests: [{ file: 'b/two', title: 'c', symptom: 'late' }] };

  it('is one list, in the order of the names', () => {
    write('b.yaml', other);
    write('a.yaml', issue);
    writeFileSync(path.join(folder, 'notes.md'), '# no list');
    expect(readKnownIssues(folder)).to.deep.equal([issue, other]);
  });
  it('is refused with the file of a mistake', () => {
    write('a.yaml', issue);
    write('b.yaml', { ...other, expires: 'soon' });
    expect(() => readKnownIssues(folder)).to.throw(InvalidList, 'b.yaml: issues[0].expires: must be a day');
    writeFileSync(path.join(folder, 'b.yaml'), 'issues: [');
    expect(() => readKnownIssues(folder)).to.throw(InvalidList, 'b.yaml: is not YAML');
  });
  it('is refused when two files list a test', () => {
    write('a.yaml', issue);
    write('b.yaml', issue);
    expect(() => readKnownIssues(folder)).to.throw(InvalidList, 'lists a test twice: area/one: a › b');
  });
  it('is refused when it is empty', () => {
    expect(() => readKnownIssues(folder)).to.throw(InvalidList, 'has no list: it needs a *.yaml file');
  });
});

describe('suites/known-issues', function () {
  this.timeout(60_000);
  const issues = readKnownIssues(KNOWN_ISSUES);

  it('names tests that exist', async () => {
    const tests = issues.flatMap((one) => one.tests.map(({ file, title }) => ({ file, title })));
    const files = [...new Set(tests.map((test) => test.file))];
    const { stdout } = await promisify(execFile)(process.execPath, [LIST_TESTS, ...files]);
    expect(JSON.parse(stdout)).to.deep.include.members(tests);
  });
  it('has every entry of a test in the files that its pod reads', () => {
    for (const wanted of new Set(issues.flatMap((one) => one.tests.map(({ file }) => file)))) {
      const holding = (all: typeof issues) =>
        all.filter(({ tests }) => tests.some(({ file }) => file === wanted));
      expect(holding(readKnownIssues(...listsNaming([wanted]))), wanted).to.deep.equal(holding(issues));
    }
    expect(listsNaming(['bench/one-test'])).to.deep.equal([]);
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
