import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pastRun, pastSuite } from '@backendai-e2e/results/history/history-fixtures';
import { expect } from 'chai';
import { readTimings } from '../catalog/timings.ts';
import { addRecord } from '../history/history-folder.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { readDurations } from './suite-durations.ts';

const SUITE = 'audit-leaks';

describe('the durations that a run is planned with', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-durations-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const read = (environments: number, history: string) =>
    readDurations([SUITE], { root: PROJECT_ROOT, environments, history });

  it('come from a folder of runs, and say from how many', async () => {
    for (const day of [1, 2, 3])
      await addRecord(folder, pastRun(day, [pastSuite(SUITE, [], { seconds: 77 })]));
    const { durations } = await read(1, folder);
    expect(durations.get(SUITE)).to.deep.equal({ seconds: 77, from: 'history', runs: 3 });
    expect((await read(2, folder)).durations.get(SUITE)?.from).to.equal('timings');
  });

  it('are those of the checkout, and a note, when the history cannot be read', async () => {
    const file = path.join(folder, 'a-file');
    await writeFile(file, '');
    const { durations, troubles } = await read(1, file);
    const seconds = (await readTimings(PROJECT_ROOT)).get(SUITE);
    expect(durations.get(SUITE)).to.deep.equal({ seconds, from: 'timings' });
    expect(troubles.join()).to.include(`durations are not taken from the history ${file}`);
  });
});
