import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pastRun, pastSuite, pastTest } from '@backendai-e2e/results/history/history-fixtures';
import { expect } from 'chai';
import { defaultHistory } from './default-folder.ts';
import { historyBytes, readHistoryFile } from './history-file.ts';
import { addLines, addRecord, readHistory } from './history-folder.ts';
import { filesToPrune } from './retention.ts';

const run = (day: number) => pastRun(day, [pastSuite('s', [pastTest('one'), pastTest('two')])]);
const lineOf = (day: number) => ({ ...run(day), text: JSON.stringify(run(day)) });

describe('a folder of the history', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-history-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('holds a run once, in a file of its own', async () => {
    expect(await addRecord(folder, run(2))).to.equal(true);
    expect(await addRecord(folder, run(1))).to.equal(true);
    const before = await readFile(path.join(folder, (await readdir(folder)).sort()[0] ?? ''));
    expect(await addRecord(folder, { ...run(1), name: 'changed' })).to.equal(false);
    expect(await addLines(folder, [lineOf(1), lineOf(2), lineOf(3), lineOf(3)])).to.equal(1);
    const names = (await readdir(folder)).sort();
    expect(names).to.have.lengthOf(3);
    expect(names[0]).to.equal('2026-01-01T020000Z-00000000-0000-4000-8000-000000000001.jsonl.gz');
    expect(await readFile(path.join(folder, names[0] ?? ''))).to.deep.equal(before);
    expect((await readHistory(folder)).records).to.deep.equal([run(1), run(2), run(3)]);
  });

  it('is empty if it does not exist, and read from its newest files on demand', async () => {
    expect(await readHistory(path.join(folder, 'none'))).to.deep.equal({
      files: [],
      records: [],
      troubles: [],
    });
    await addLines(folder, [lineOf(1), lineOf(2), lineOf(3)]);
    expect((await readHistory(folder, 2)).records.map(({ name }) => name)).to.deep.equal(['run-2', 'run-3']);
  });

  it('leaves out what a broken copy cut off, and keeps the rest', async () => {
    await addLines(folder, [lineOf(1)]);
    const whole = historyBytes(lineOf(2).text);
    await writeFile(
      path.join(folder, '2026-01-02T020000Z-cut.jsonl.gz'),
      whole.subarray(0, whole.length / 2),
    );
    const two = `${lineOf(3).text}\n${lineOf(4).text}`;
    await writeFile(path.join(folder, 'many.jsonl'), two.slice(0, -30));
    const { records, troubles } = await readHistory(folder);
    expect(records.map(({ name }) => name)).to.deep.equal(['run-1', 'run-3']);
    expect(troubles).to.have.lengthOf(2);
    expect(troubles.join('\n'))
      .to.contain('-cut.jsonl.gz is left out')
      .and.to.contain('line 2 of many.jsonl');
  });

  it('writes a run again whose file is torn', async () => {
    await addRecord(folder, run(1));
    const [file = ''] = await readdir(folder);
    const whole = await readFile(path.join(folder, file));
    await writeFile(path.join(folder, file), whole.subarray(0, 40));
    expect(await addRecord(folder, run(1))).to.equal(true);
    expect((await readHistory(folder)).records).to.deep.equal([run(1)]);
  });

  it('keeps runs of a newer command in copies, and does not show them', async () => {
    const newer = JSON.stringify({ ...run(2), version: 99, more: 'x' });
    await writeFile(path.join(folder, 'newer.jsonl'), `${newer}\n`);
    const { files, records, troubles } = await readHistory(folder);
    expect(records).to.deep.equal([]);
    expect(troubles[0]).to.contain('version 99');
    const copy = path.join(folder, 'copy');
    expect(
      await addLines(
        copy,
        files.flatMap(({ lines }) => lines),
      ),
    ).to.equal(1);
    const [file = ''] = await readdir(copy);
    expect(readHistoryFile(await readFile(path.join(copy, file)), file).lines[0]?.text).to.equal(newer);
  });

  it('follows no link, and reads no other file', async () => {
    const outside = await mkdtemp(path.join(tmpdir(), 'e2e-history-'));
    await addRecord(outside, run(1));
    const [file = ''] = await readdir(outside);
    await symlink(path.join(outside, file), path.join(folder, file));
    await writeFile(path.join(folder, 'README.md'), lineOf(2).text);
    expect((await readHistory(folder)).records).to.deep.equal([]);
    await rm(outside, { recursive: true });
  });
});

describe('a file of the history', () => {
  it('of many members, as cat joins them, reads whole', () => {
    const joined = Buffer.concat([historyBytes(lineOf(1).text), historyBytes(lineOf(2).text)]);
    expect(readHistoryFile(joined, 'all.jsonl.gz').lines.map(({ uid }) => uid)).to.deep.equal([
      run(1).uid,
      run(2).uid,
    ]);
  });

  it('that grows to far more than a history is refused', () => {
    const bomb = historyBytes(' '.repeat(80 * 1024 * 1024));
    expect(bomb.length).to.be.below(1024 * 1024);
    expect(readHistoryFile(bomb, 'bomb.jsonl.gz').troubles[0]).to.match(/^bomb\.jsonl\.gz is left out/);
  });
});

describe('what a history keeps', () => {
  const file = (day: number) => ({ file: `f${day}`, lines: [run(day)] });
  const now = new Date('2026-01-11T02:00:00Z');

  it('is limited by number, by age, and by both', () => {
    const files = [1, 2, 3, 10].map(file);
    expect(filesToPrune(files, { keep: 2 }, now)).to.deep.equal(['f1', 'f2']);
    expect(filesToPrune(files, { days: 8 }, now)).to.deep.equal(['f1', 'f2']);
    expect(filesToPrune(files, { keep: 3, days: 5 }, now)).to.deep.equal(['f1', 'f2', 'f3']);
    expect(filesToPrune(files, {}, now)).to.deep.equal([]);
  });

  it('has a file of several runs until all of them may go, and one that cannot be read', () => {
    const files = [{ file: 'both', lines: [run(1), run(10)] }, { file: 'torn', lines: [] }, file(2)];
    expect(filesToPrune(files, { keep: 1 }, now)).to.deep.equal(['f2']);
  });
});

describe('the usual folder of the history', () => {
  it('is outside of the checkout and of the cache', () => {
    expect(defaultHistory({ E2E_HISTORY: '/mnt/history' })).to.equal('/mnt/history');
    expect(defaultHistory({ E2E_HISTORY: '', XDG_DATA_HOME: '/data' })).to.equal(
      '/data/backendai-e2e/history',
    );
    expect(defaultHistory({})).to.match(/\.local\/share\/backendai-e2e\/history$/);
  });
});
