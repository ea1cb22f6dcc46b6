import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { compareReleases } from '@backendai-e2e/api/release';
import { readCatalog } from '@backendai-e2e/cli/catalog/catalog';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { titleMatches } from '@backendai-e2e/results/titles';
import { InvalidList } from '@backendai-e2e/suites/lists/files';
import { expect } from 'chai';
import { execa } from 'execa';
import { BACKTEST_PAGE, backtestPage } from './page.ts';
import { comparisons, deployments, selectRepairs } from './plan.ts';
import { pairOf, parseRepairs, readRepairs } from './repairs.ts';
import { readTried } from './results.ts';

const LIST = `
repairs:
  - id: '12'
    also: ['13']
    component: manager
    repaired: [26.4.11..26.4.12, 26.8.3..26.9.0]
    wrong: It lies.
    suite: a-b
    test: tells the truth
    beside: is asked
  - id: lost-keys
    component: agent
    repaired: [26.9.1..26.9.2]
    wrong: It loses keys.
    suite: a-c
    test: keeps keys|finds keys
  - id: '14'
    component: agent
    repaired: [26.9.4..26.9.5]
    wrong: It hangs.
    missing: No test waits.
`;
const repairs = parseRepairs(LIST);
const ids = (...args: Parameters<typeof selectRepairs>) => selectRepairs(...args).map(({ id }) => id);

describe('the list of repairs', () => {
  for (const [what, from, to, says] of [
    ['a field that does not exist', 'wrong: It lies.', 'wring: x', 'repairs[0]'],
    ['an unknown component', 'component: manager', 'component: boss', 'repairs[0].component'],
    ['no pair of releases', '26.9.1..26.9.2', '26.9.1', 'lost-keys.repaired'],
    ['a pair in the wrong order', '26.9.1..26.9.2', '26.9.2..26.9.1', 'is not the later one'],
    ['the same id twice', 'id: lost-keys', "id: '12'", '12: another repair has this id'],
    ['a suite without a test', '    test: keeps keys|finds keys\n', '', 'needs suite and test'],
    ['a test and none', 'missing: No test waits.', 'missing: x\n    suite: a', 'has either'],
    ['an invalid pattern', 'test: tells the truth', "test: '('", '12.test: is not a regular expression'],
  ] as const) {
    it(`is refused with ${what}, and the error names the place`, () => {
      expect(() => parseRepairs(LIST.replace(from, to))).to.throw(InvalidList, says);
    });
  }
});

describe('suites/backtest', () => {
  const all = readRepairs();

  it('holds repairs that some release from 26.4.0 to 26.9.6 was the first to have', () => {
    for (const { id, repaired } of all) {
      const inside = repaired.some(
        (pair) => compareReleases(pair.with, '26.4.0') >= 0 && compareReleases(pair.with, '26.9.6') <= 0,
      );
      expect(inside, id).to.equal(true);
    }
  });

  it('names suites that exist, with tests that match', async function () {
    this.timeout(60_000);
    const catalog = await readCatalog(PROJECT_ROOT);
    const witnesses = all.flatMap(({ id, witness }) => ('suite' in witness ? [{ id, ...witness }] : []));
    const filesOf = (name: string) => catalog.find((suite) => suite.name === name)?.files ?? [];
    const files = [...new Set(witnesses.flatMap(({ suite }) => filesOf(suite)))];
    const list = path.join(PROJECT_ROOT, 'suites/runner/list.ts');
    const { stdout } = await execa(process.execPath, [list, ...files]);
    const tests: { file: string; title: string }[] = JSON.parse(stdout);
    for (const { id, suite, test, beside = test } of witnesses) {
      const titles = tests.filter(({ file }) => filesOf(suite).includes(file)).map(({ title }) => title);
      for (const pattern of [test, beside]) {
        const found = titles.some((title) => titleMatches(title, pattern));
        expect(found, `${id}: a test of ${suite} matches ${pattern.source}`).to.equal(true);
      }
    }
  });

  it('is what docs/backtest.md shows', async () => {
    const page = readFileSync(path.join(PROJECT_ROOT, BACKTEST_PAGE), 'utf8');
    expect(page, 'run "make docs"').to.equal(backtestPage(all, await readTried()));
  });
});

describe('the choice of repairs', () => {
  it('is all of them, or those that are named by any of their numbers', () => {
    expect(ids(repairs, {})).to.deep.equal(['12', 'lost-keys', '14']);
    expect(ids(repairs, { ids: ['#13', 'lost-keys'] })).to.deep.equal(['12', 'lost-keys']);
    expect(() => ids(repairs, { ids: ['15'] })).to.throw(InvalidList, 'no repair 15');
  });
  it('is those between two releases, the second one included', () => {
    expect(ids(repairs, { pair: pairOf('26.9.0..26.9.6', 'pair') })).to.deep.equal(['lost-keys', '14']);
    expect(ids(repairs, { pair: pairOf('26.8.3..26.9.0', 'pair') })).to.deep.equal(['12']);
  });
  it('is those that came in a series', () => {
    expect(ids(repairs, { series: '26.9' })).to.deep.equal(['12', 'lost-keys', '14']);
    expect(ids(repairs, { series: '26.4' })).to.deep.equal(['12']);
    expect(() => ids(repairs, { series: '26.7' })).to.throw(InvalidList, 'in the series 26.7');
  });
  it('is refused where no repair is between the releases', () => {
    expect(() => ids(repairs, { pair: pairOf('26.9.2..26.9.4', 'pair') })).to.throw(
      InvalidList,
      'no chosen repair came after 26.9.2 and by 26.9.4',
    );
  });
});

describe('the plan of a backtest', () => {
  it('compares the latest releases of a repair, and leaves out what has no test', () => {
    expect(comparisons(repairs).map(({ repair, pair }) => [repair.id, pair.before, pair.with])).to.deep.equal(
      [
        ['12', '26.8.3', '26.9.0'],
        ['lost-keys', '26.9.1', '26.9.2'],
      ],
    );
  });
  it('prefers releases that deploy to later ones that may not', () => {
    const text = LIST.replace('[26.9.1..26.9.2]', '[26.4.4..26.9.3, 26.8.1..26.8.2]');
    const [found] = comparisons(parseRepairs(text)).filter(({ repair }) => repair.id === 'lost-keys');
    expect(found?.pair).to.deep.equal({ before: '26.8.1', with: '26.8.2' });
  });
  it('compares the named releases instead where a pair is given', () => {
    const pair = pairOf('26.9.0..26.9.6', 'pair');
    expect(comparisons(selectRepairs(repairs, { pair }), { pair }).map((one) => one.pair)).to.deep.equal([
      pair,
    ]);
  });
  it('compares the releases of the series where one is given', () => {
    const [found] = comparisons(selectRepairs(repairs, { series: '26.4' }), { series: '26.4' });
    expect(found?.pair).to.deep.equal({ before: '26.4.11', with: '26.4.12' });
  });
  it('runs whole suites where a pattern for their tests would be too long for a TestRun', () => {
    const long = parseRepairs(LIST.replace('keeps keys|finds keys', 'k'.repeat(LENGTHS.grep)));
    const jobs = deployments(comparisons(long));
    expect(jobs.map(({ release, grep }) => [release, grep === undefined])).to.deep.equal([
      ['26.8.3', false],
      ['26.9.0', false],
      ['26.9.1', true],
      ['26.9.2', true],
    ]);
  });
  it('deploys each release once, earliest first, with all tests that need it', () => {
    const shared = LIST.replace('26.9.1..26.9.2', '26.9.0..26.9.1');
    expect(deployments(comparisons(parseRepairs(shared)))).to.deep.equal([
      { release: '26.8.3', suites: ['a-b'], grep: '(?:tells the truth)|(?:is asked)' },
      {
        release: '26.9.0',
        suites: ['a-b', 'a-c'],
        grep: '(?:tells the truth)|(?:is asked)|(?:keeps keys|finds keys)',
      },
      { release: '26.9.1', suites: ['a-c'], grep: '(?:keeps keys|finds keys)' },
    ]);
  });
});
