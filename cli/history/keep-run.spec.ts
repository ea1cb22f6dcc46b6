import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import {
  historyAddCommand,
  historyExportCommand,
  historyImportCommand,
  historyPruneCommand,
} from '../commands/history.ts';
import { rendered } from '../terminal/output.ts';
import { readHistory } from './history-folder.ts';
import { listOfHistory } from './history-list.ts';
import { keepRun } from './keep-run.ts';

/** The text of a run.json. */
function runFile(name: string, day: number, succeeded: 'True' | 'Unknown' = 'True'): string {
  const whole: TestRun = run([suite('s', 'Passed')], { status: succeeded, reason: 'AllPassed' });
  whole.metadata = { ...whole.metadata, name, uid: `${name}-uid` };
  whole.status = { ...whole.status, startedAt: `2026-01-0${day}T00:00:00Z`, verdict: 'Passed' };
  return JSON.stringify({ run: whole, reports: [report('s', [test('one')])] });
}

describe('the run of a job', () => {
  let root: string;
  let out: string;
  let history: string;
  const said: string[] = [];
  const { error } = console;

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'e2e-keep-'));
    out = path.join(root, 'out', 'e2e');
    history = path.join(root, 'history');
    await mkdir(out, { recursive: true });
    await writeFile(path.join(out, 'run.json'), runFile('second', 2));
    await writeFile(path.join(out, 'previous-run.json'), runFile('first', 1));
    said.length = 0;
    console.error = (line: string) => said.push(line);
  });
  afterEach(async () => {
    console.error = error;
    await rm(root, { recursive: true });
  });

  const names = async (folder: string) => (await readHistory(folder)).records.map(({ name }) => name);

  it('goes to the history with the run before it, each once', async () => {
    expect(await keepRun(out, history)).to.deep.equal([`the history of runs is in ${history}`]);
    await keepRun(out, history);
    expect(await names(history)).to.deep.equal(['first', 'second']);
  });

  it('changes no verdict if it cannot be kept, and says so', async () => {
    await writeFile(history, 'a file, no folder');
    expect((await keepRun(out, history))[0]).to.contain(`the run is not in the history ${history}`);
  });

  it('is added, exported, imported and pruned by commands', async () => {
    const other = path.join(root, 'other');
    expect(await historyAddCommand([out], { history })).to.equal(0);
    expect(await historyExportCommand(other, { history, last: 1 })).to.equal(0);
    expect(await names(other)).to.deep.equal(['second']);
    expect(await historyImportCommand(history, { history: other })).to.equal(0);
    expect(await names(other)).to.deep.equal(['first', 'second']);
    expect(await historyPruneCommand({ history: other, keep: 1 })).to.equal(0);
    expect(await names(other)).to.deep.equal(['second']);
    expect(said).to.include(`e2e: added 1 of 2 runs to ${other}; 1 were there`);
  });

  it('comes from an earlier out folder too', async () => {
    expect(await historyImportCommand(path.dirname(out), { history })).to.equal(0);
    expect(await names(history)).to.deep.equal(['first', 'second']);
  });

  it('waits for its verdict', async () => {
    await writeFile(path.join(out, 'run.json'), runFile('second', 2, 'Unknown'));
    expect(await historyAddCommand([out], { history })).to.equal(2);
    expect(said[0]).to.contain('a run without a verdict: add it after its end');
  });

  it('is not found in a folder without results, nor pruned without a limit', async () => {
    expect(await historyAddCommand([root], { history })).to.equal(2);
    expect(said[0]).to.contain('has no run.json');
    expect(await historyPruneCommand({ history })).to.equal(2);
    expect(said[1]).to.contain('--keep, --days or both');
  });

  it('has a row in the list, newest first', async () => {
    await keepRun(out, history);
    const { records } = await readHistory(history);
    const text = rendered(listOfHistory(records, 20), 'table', undefined);
    expect(text.split('\n').slice(2, 4)).to.satisfy(
      (rows: string[]) => rows[0]?.startsWith('second') && rows[1]?.startsWith('first'),
    );
    expect(JSON.parse(rendered(listOfHistory(records, 1), 'json', undefined))).to.have.lengthOf(1);
  });
});
