import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { inOrder } from '@backendai-e2e/results/history/comparable';
import { historyFileName } from '@backendai-e2e/results/history/file-name';
import type { HistoryHead } from '@backendai-e2e/results/history/read';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { unlessMissing } from '../machine/optional-file.ts';
import { HISTORY_FILE, type HistoryLine, historyBytes, isFileOf, readHistoryFile } from './history-file.ts';

/** What a folder of a history holds. */
export interface History {
  /** By file, in the order of their names. */
  files: readonly { file: string; lines: readonly HistoryLine[] }[];
  /** Records that this command understands, each run once, oldest first. */
  records: HistoryRecord[];
  /** A sentence for each file or line that is left out. */
  troubles: string[];
}

/**
 * Reads the newest files of a folder; a folder that does not exist is empty. Links are not followed.
 * @param most files to read, by name, the newest first; default: all
 */
export async function readHistory(folder: string, most = Number.POSITIVE_INFINITY): Promise<History> {
  const names = (await filesOf(folder)).slice(-most);
  const files: { file: string; lines: HistoryLine[] }[] = [];
  const troubles: string[] = [];
  for (const file of names) {
    const content = readHistoryFile(await readFile(path.join(folder, file)), file);
    files.push({ file, lines: content.lines });
    troubles.push(...content.troubles);
  }
  const records = files.flatMap(({ lines }) => lines.flatMap(({ record }) => record ?? []));
  return { files, records: inOrder(records), troubles };
}

/**
 * Adds lines to a folder, a file each. A run that the folder has stays as it is, but an unreadable file of it is written again.
 * Returns how many were new.
 */
export async function addLines(
  folder: string,
  lines: readonly (HistoryHead & { text: string })[],
): Promise<number> {
  await mkdir(folder, { recursive: true });
  const { files } = await readHistory(folder);
  const present = new Set(files.flatMap((each) => each.lines.map(({ uid }) => uid)));
  let added = 0;
  for (const { uid, startedAt, text } of lines) {
    if (present.has(uid)) continue;
    await writeWhole(folder, historyFileName({ startedAt, uid }), historyBytes(text));
    present.add(uid);
    added += 1;
  }
  return added;
}

/**
 * Adds a record, without a look at the other runs. Whether it was new.
 * @throws the error of the file system
 */
export async function addRecord(folder: string, record: HistoryRecord): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  for (const file of (await filesOf(folder)).filter((each) => isFileOf(each, record.uid))) {
    const { lines } = readHistoryFile(await readFile(path.join(folder, file)), file);
    if (lines.some(({ uid }) => uid === record.uid)) return false;
  }
  await writeWhole(folder, historyFileName(record), historyBytes(JSON.stringify(record)));
  return true;
}

/** Removes files of a folder by name. */
export async function removeFiles(folder: string, files: readonly string[]): Promise<void> {
  for (const file of files) await rm(path.join(folder, file), { force: true });
}

/** Whole and on the medium, or not at all: a reader and a crash never meet half a file. */
async function writeWhole(folder: string, name: string, bytes: Buffer): Promise<void> {
  const work = path.join(folder, `.${name}.${process.pid}`);
  try {
    const file = await open(work, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(work, path.join(folder, name));
  } catch (error) {
    await rm(work, { force: true });
    throw error;
  }
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? [];
  return entries
    .filter((entry) => entry.isFile() && HISTORY_FILE.test(entry.name) && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}
