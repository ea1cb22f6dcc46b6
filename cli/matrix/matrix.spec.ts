import { test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { ProvisionError } from '../machine/provision.ts';
import type { Trial } from '../series/trial.ts';
import { columnsOf } from './columns.ts';
import { exitCodeOf, matrixOf, type TriedColumn } from './matrix.ts';
import { matrixHtml, matrixMarkdown, tablesOf } from './shown.ts';

const trial = (more: Partial<Trial> = {}): Trial => ({
  ...{ code: 0, tests: new Map(), verdicts: new Map(), met: '' },
  ...more,
});
const passed = trial({
  met: '26.9.0',
  verdicts: new Map([['s', 'Passed']]),
  tests: new Map([['s', [test('a'), test('b'), test('old')]]]),
});
const failed = trial({
  code: 1,
  met: '26.9.6 (1a2b, modified)',
  verdicts: new Map([
    ['r', 'Passed'],
    ['s', 'Failed'],
  ]),
  tests: new Map([
    ['r', [test('new')]],
    ['s', [test('a'), test('b', { state: 'failed', error: 'no' })]],
  ]),
});
const broken = trial({ code: 2, why: 'EnvironmentFailed: no <b>bootstrap</b> | x' });
const columns = (versions: string, informational?: string) => columnsOf(versions, informational, '26.9.6');
const tried = (trials: (Trial | undefined)[], informational?: string): TriedColumn[] =>
  columns(['26.8.3', '26.9.0', '26.9.6'].slice(0, trials.length).join(','), informational).map(
    (column, index) => {
      const found = trials[index];
      return found ? { ...column, trial: found } : column;
    },
  );

describe('the columns of a matrix', () => {
  it('are the values of a list, each with a folder of its own', () => {
    expect(columns(' 26.9.0, ../backend.ai ,', '../backend.ai')).to.deep.equal([
      { backendAi: '26.9.0', informational: false, folder: '1-26.9.0' },
      { backendAi: '../backend.ai', informational: true, folder: '2-.._backend.ai' },
    ]);
  });
  it('are separated by semicolons where one is a list by component', () => {
    expect(columns('26.9.6;manager=26.9.0,agent=26.9.6').map(({ backendAi }) => backendAi)).to.deep.equal([
      '26.9.6',
      'manager=26.9.0,agent=26.9.6',
    ]);
  });
  for (const [what, versions, informational, says] of [
    ['one column', '26.9.0', undefined, 'fewer than two'],
    ['a column twice', '26.9.0,26.9.0', undefined, 'names 26.9.0 twice'],
    ['a list by component between commas', '26.9.0,manager=26.9.6', undefined, 'a list by component'],
    ['an informational one that is no column', '26.9.0,26.9.6', '26.8.3', '26.8.3, which is no column'],
    ['the pinned release as informational', '26.9.0,26.9.6', '26.9.6', 'the pinned release'],
  ] as const) {
    it(`are refused with ${what}, and the error says what to do`, () => {
      expect(() => columns(versions, informational))
        .to.throw(ProvisionError, says)
        .with.property('remedy')
        .that.is.not.equal('');
    });
  }
});

describe('a matrix', () => {
  const matrix = matrixOf(tried([broken, passed, failed]));

  it('has a row for each suite that any column ran', () => {
    expect(matrix.rows).to.deep.equal([
      { suite: 'r', cells: [undefined, undefined, { verdict: 'Passed', passed: 1, total: 1 }] },
      {
        suite: 's',
        cells: [
          undefined,
          { verdict: 'Passed', passed: 3, total: 3 },
          { verdict: 'Failed', passed: 1, total: 2 },
        ],
      },
    ]);
  });
  it('names what changed between columns with results, past those without', () => {
    expect(matrix.steps).to.deep.equal([
      {
        from: '26.9.0',
        to: '26.9.6',
        changes: [
          { suite: 'r', test: 'area/one: new', after: 'passed' },
          { suite: 's', test: 'area/one: b', before: 'passed', after: 'failed' },
          { suite: 's', test: 'area/one: old', before: 'passed' },
        ],
      },
    ]);
    expect(matrixOf(tried([passed, broken, failed])).steps.map(({ from, to }) => [from, to])).to.deep.equal([
      ['26.8.3', '26.9.6'],
    ]);
  });
  it('shows columns, suites and changes, with the reason of a column without results', () => {
    const [suites, all, step] = tablesOf(matrix);
    expect(suites?.rows.at(-1)).to.deep.equal(['s', '–', '✔ Passed 3/3', '✘ Failed 1/2']);
    expect(all?.rows).to.deep.equal([
      ['26.8.3', '–', '2', 'EnvironmentFailed: no <b>bootstrap</b> | x'],
      ['26.9.0', '26.9.0', '0', ''],
      ['26.9.6', '26.9.6 (1a2b, modified)', '1', ''],
    ]);
    expect(step?.rows[1]).to.deep.equal(['s', 'area/one: b', 'passed', 'failed']);
    expect(tablesOf(matrixOf(tried([passed, passed])))[2]?.rows).to.deep.equal([]);
  });
  it('gives no meaning to texts of suites in Markdown and HTML', () => {
    expect(matrixMarkdown(matrix)).to.include('&lt;b&gt;bootstrap&lt;/b&gt; \\| x');
    expect(matrixMarkdown(matrix)).to.include(
      '| suite | 26.8.3 | 26.9.0 | 26.9.6 |\n| --- | --- | --- | --- |',
    );
    const page = matrixHtml(matrix);
    expect(page).to.include('<td>EnvironmentFailed: no &lt;b&gt;bootstrap&lt;/b&gt; | x</td>');
    expect(page).to.include("default-src 'none'").and.not.include('<script');
  });
});

describe('the exit code of a matrix', () => {
  it('is the worst of its columns', () => {
    expect(exitCodeOf(tried([passed, passed]))).to.equal(0);
    expect(exitCodeOf(tried([passed, failed]))).to.equal(1);
    expect(exitCodeOf(tried([broken, failed]))).to.equal(2);
  });
  it('leaves informational columns out', () => {
    expect(exitCodeOf(tried([broken, passed], '26.8.3'))).to.equal(0);
    expect(exitCodeOf(tried([failed, broken], '26.8.3'))).to.equal(2);
  });
  it('is 130 after an interruption, and 2 for a column that was not reached', () => {
    expect(exitCodeOf(tried([trial({ code: 130 }), undefined], '26.8.3'))).to.equal(130);
    expect(exitCodeOf(tried([passed, undefined]))).to.equal(2);
  });
});
