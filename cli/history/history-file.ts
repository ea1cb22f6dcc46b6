import { gunzipSync, gzipSync } from 'node:zlib';
import { type HistoryHead, readHistoryHead, readHistoryLine } from '@backendai-e2e/results/history/read';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { NewerVersion } from '@backendai-e2e/results/history/upgrade';

/** A line of a history. */
export interface HistoryLine extends HistoryHead {
  /** The line as it was written, for copies. */
  text: string;
  /** Undefined if a newer command wrote it. */
  record?: HistoryRecord;
}

/** What a file of a history holds. */
export interface HistoryFileContent {
  lines: HistoryLine[];
  /** A sentence for each line that cannot be read. */
  troubles: string[];
}

/** Files of a history: one line of JSON a run, compressed or not. */
export const HISTORY_FILE = /\.jsonl(\.gz)?$/;
/** Bytes of a file after decompression, about 500 runs: a small file of a stranger must not fill the memory. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Whether a file is the one that the command writes for a run. Its start may be missing in the name that a copy got. */
export function isFileOf(file: string, uid: string): boolean {
  return file.replace(HISTORY_FILE, '').endsWith(`-${uid}`);
}

/** The bytes of a file with one line. */
export function historyBytes(text: string): Buffer {
  return gzipSync(`${text}\n`, { level: 9 });
}

/**
 * Reads the bytes of a file. A line that is torn or strange is left out and told; the others count. Never throws. Pure.
 * @param file names it in sentences
 */
export function readHistoryFile(bytes: Buffer, file: string): HistoryFileContent {
  const content: HistoryFileContent = { lines: [], troubles: [] };
  let text: string;
  try {
    text = textOf(bytes, file);
  } catch (error) {
    return { ...content, troubles: [`${file} is left out: ${whyOf(error)}`] };
  }
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      const head = readHistoryHead(line);
      content.lines.push({ ...head, text: line, record: readHistoryLine(line) });
    } catch (error) {
      const told = `line ${index + 1} of ${file} is left out: ${whyOf(error)}`;
      content.troubles.push(told);
      if (error instanceof NewerVersion) content.lines.push({ ...readHistoryHead(line), text: line });
    }
  }
  return content;
}

function textOf(bytes: Buffer, file: string): string {
  if (bytes.length > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`);
  if (!file.endsWith('.gz')) return bytes.toString('utf8');
  return gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString('utf8');
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
