import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isFinished } from '@backendai-e2e/api/test-run';
import { historyRecord } from '@backendai-e2e/results/history/derive';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { PREVIOUS } from '../collect/results-folder.ts';
import { unlessMissing } from '../machine/optional-file.ts';

/** The run.json of a folder of results, and that of the run before it. */
const RUN_FILES = ['run.json', PREVIOUS] as const;

/**
 * The record of a finished run from its run.json.
 * @throws Error if it is no run.json, or the run has no verdict yet: a run enters the history once
 */
export async function recordOf(file: string): Promise<HistoryRecord> {
  const content = readRunFile(await readFile(file, 'utf8'), file);
  if (!isFinished(content.run)) {
    throw new Error(`${file} is of a run without a verdict: add it after its end`);
  }
  return historyRecord(content);
}

/**
 * The records of a folder of results: of its run, and of the run before it. Of a folder with such folders, such as out, those
 * of each.
 * @throws Error if there is no run.json, or one that cannot be read
 */
export async function recordsIn(folder: string): Promise<HistoryRecord[]> {
  const found = await runFilesIn(folder);
  if (found.length === 0) {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.filter((each) => each.isDirectory())) {
      found.push(...(await runFilesIn(path.join(folder, entry.name))));
    }
  }
  if (found.length === 0) {
    throw new Error(`${folder} has no run.json: name a folder that a run wrote, such as out/e2e`);
  }
  return Promise.all(found.map(recordOf));
}

/** The record of the run before, in a folder of results; undefined where there is none that has ended. */
export async function previousRecord(folder: string): Promise<HistoryRecord | undefined> {
  const file = path.join(folder, PREVIOUS);
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const content = readRunFile(text, file);
  return isFinished(content.run) ? historyRecord(content) : undefined;
}

async function runFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return RUN_FILES.filter((name) => names.includes(name)).map((name) => path.join(folder, name));
}
