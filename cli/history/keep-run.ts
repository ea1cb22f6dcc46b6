import path from 'node:path';
import { defaultHistory } from './default-folder.ts';
import { addRecord } from './history-folder.ts';
import { previousRecord, recordOf } from './results-records.ts';

/**
 * Adds the run of a folder of results to the history, and the run that was there before. Returns a line for people. A lost
 * record must not change a verdict.
 * @param out the folder of results
 */
export async function keepRun(out: string, folder = defaultHistory()): Promise<string[]> {
  try {
    const before = await previousRecord(out);
    if (before) await addRecord(folder, before);
    await addRecord(folder, await recordOf(path.join(out, 'run.json')));
    return [`the history of runs is in ${folder}`];
  } catch (error) {
    return [`the run is not in the history ${folder}: ${error instanceof Error ? error.message : error}`];
  }
}
