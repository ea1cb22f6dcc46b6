import { readCatalog } from '@backendai-e2e/cli/catalog/catalog';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import type { TestRecord } from '@backendai-e2e/results/test-record';
import { InvalidList } from '@backendai-e2e/suites/lists/files';
import { expect } from 'chai';
import { execa } from 'execa';
import { type Breakage, judge, parseBreakages, readBreakages } from './breakages.ts';

const ENTRY = `
breakages:
  - suite: a-b
    broken: It is wrong.
    break: [{ sql: SELECT 1 }]
    mend: [{ valkey: PING }]
    red: { test: does it, error: not done }
`;

describe('the list of breakages', () => {
  it('is read with steps and expected errors', () => {
    expect(parseBreakages(ENTRY)).to.deep.equal([
      {
        suite: 'a-b',
        broken: 'It is wrong.',
        break: [{ sql: 'SELECT 1' }],
        mend: [{ valkey: 'PING' }],
        red: { test: 'does it', error: 'not done' },
      },
    ]);
  });

  for (const [what, from, to, says] of [
    ['a field that does not exist', 'broken: It', 'brokn: 1\n    broken: It', 'breakages[0].brokn'],
    ['a step without a way', 'sql: SELECT 1', 'database: x', 'break[0]: must have one of sql'],
    [
      'a field of a step that does not exist',
      'sql: SELECT 1',
      'sq: SELECT 1',
      'break[0].sq: there is no such field',
    ],
    ['a step with two ways', 'sql: SELECT 1', 'sql: SELECT 1, valkey: PING', 'must have one of sql'],
    ['a shell without a component', 'sql: SELECT 1', 'shell: ls', 'a-b.break[0].component'],
    ['a detail that does not exist', 'sql: SELECT 1', 'sql: SELECT 1, data: x', 'break[0].data'],
    [
      'no steps that mend it',
      'mend: [{ valkey: PING }]',
      '',
      'breakages[0]: must have required properties mend',
    ],
    [
      'no step that breaks it',
      '[{ sql: SELECT 1 }]',
      '[]',
      'breakages[0].break: must not have fewer than 1 items',
    ],
    ['an invalid pattern', 'test: does it', "test: '('", 'red.test: is not a regular expression'],
    ['no expected error', ', error: not done', '', 'breakages[0].red: must have required properties error'],
  ] as const) {
    it(`is refused with ${what}, and the error names the place`, () => {
      expect(() => parseBreakages(ENTRY.replace(from, to))).to.throw(InvalidList, says);
    });
  }
});

describe('a breakage', () => {
  const breakage = parseBreakages(ENTRY)[0] as Breakage;
  const test = (title: string, error?: string): TestRecord => ({
    id: title,
    file: 'a/b',
    title,
    state: error ? 'failed' : 'passed',
    seconds: 1,
    ...(error ? { error } : {}),
  });

  it('is detected when the named test fails with the named error', () => {
    const tests = [test('it › is there'), test('it › does it', 'AssertionError: not done\n  at …')];
    expect(judge(breakage, tests)).to.deep.equal({ seen: true, said: 'AssertionError: not done' });
  });

  it('is not detected when no test fails or runs, another test fails, or the test has another error', () => {
    expect(judge(breakage, [test('it › does it')])).to.deep.equal({
      seen: false,
      said: '1 tests, none failed',
    });
    expect(judge(breakage, [])).to.deep.equal({ seen: false, said: 'no test ran' });
    const other = [test('before it', 'not done')];
    expect(judge(breakage, other).said).to.equal('failed otherwise: before it: not done');
    expect(judge(breakage, [test('it › does it', 'timeout')]).seen).to.equal(false);
    const below = test('it › does it', 'timeout\nLast requests:\n    → not done (0.1 s)');
    expect(judge(breakage, [below]).seen).to.equal(false);
  });
});

describe('suites/breakages', () => {
  const listed = readBreakages();

  it('breaks every suite except those that fail anyway', async () => {
    const names = (await readCatalog(PROJECT_ROOT)).map(({ name }) => name);
    const wanted = names.filter(
      (name) =>
        !name.endsWith('-known-issues') &&
        !name.endsWith('-known-races') &&
        // An upgrade needs a cluster of its own.
        !name.startsWith('upgrade-') &&
        name !== 'bench-one-test',
    );
    expect([...new Set(listed.map(({ suite }) => suite))]).to.have.members(wanted);
  });

  it('names tests that exist', async function () {
    this.timeout(60_000);
    const catalog = await readCatalog(PROJECT_ROOT);
    const filesOf = (suite: string) => catalog.find(({ name }) => name === suite)?.files ?? [];
    const list = `${PROJECT_ROOT}/suites/runner/list.ts`;
    const files = [...new Set(listed.flatMap(({ suite }) => filesOf(suite)))];
    const { stdout } = await execa(process.execPath, [list, ...files]);
    const tests: { file: string; title: string }[] = JSON.parse(stdout);
    for (const { suite, grep = '', red } of listed) {
      const titles = tests.filter(({ file }) => filesOf(suite).includes(file)).map(({ title }) => title);
      // The runner takes a pattern for the title with separators and for the title with blanks.
      const chosen = titles.filter((title) =>
        [title, title.replaceAll(' › ', ' ')].some((text) => new RegExp(grep).test(text)),
      );
      expect(chosen, `${suite}: grep ${grep}`).not.to.have.length(0);
      expect(
        chosen.filter((title) => new RegExp(red.test).test(title)),
        `${suite}: red.test ${red.test}`,
      ).not.to.have.length(0);
    }
  });
});
