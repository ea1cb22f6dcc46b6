import { signal } from '@preact/signals';
import type { PageLog } from '../../model/data/page-data.ts';
import { type TimedLine, unpackLog } from '../../model/text/log-block.ts';
import { textOf } from './data-block.ts';

/** A line of a log, with its container. */
export interface LogLine extends TimedLine {
  source: string;
}

/** All lines of all logs, oldest first; undefined until someone asks for them. */
export const lines = signal<readonly LogLine[] | undefined>(undefined);
/** The time to scroll to. */
export const wanted = signal<number | undefined>(undefined);
/** The words that a line must contain. */
export const words = signal('');
/** The source whose lines are shown; empty for all. */
export const only = signal('');
/** Why the logs cannot be shown. */
export const trouble = signal('');

let known: readonly PageLog[] = [];

/** Takes the list of logs that the page holds. */
export function setLogs(logs: readonly PageLog[]): void {
  known = logs;
}

/** Reads the logs, unless that was done. Those that cannot be read are named, the others are shown. */
export async function loadLogs(again = false): Promise<void> {
  if (lines.value && !again) return;
  const read = await Promise.allSettled(known.map(linesOf));
  const whole = read.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const failed = read.filter((each) => each.status === 'rejected').map(({ reason }) => sentenceOf(reason));
  const [first] = failed;
  trouble.value =
    first === undefined ? '' : `${failed.length} of ${read.length} logs cannot be shown: ${first}`;
  if (failed.length < read.length) lines.value = whole.sort((a, b) => a.at - b.at);
}

/** @throws Error if the text is not the one that was written, or cannot be had */
async function linesOf({ id, source, sha256 }: PageLog): Promise<LogLine[]> {
  const text = await textOf(id);
  if (sha256 !== undefined && (await sumOf(text)) !== sha256) {
    throw new Error(`${source} is not the log that was written: its SHA-256 differs`);
  }
  return unpackLog(text).map((line) => ({ ...line, source }));
}

/** SHA-256 in hexadecimal. */
async function sumOf(text: string): Promise<string> {
  const sum = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Shows the logs from a time on. */
export function showTime(at: number): void {
  words.value = '';
  wanted.value = at;
  document.getElementById('logs')?.scrollIntoView();
  // It shows the logs that cannot be read.
  loadLogs().catch(() => undefined);
}

/** The lines that match the words and the source. */
export function matching(all: readonly LogLine[], text: string, source: string): readonly LogLine[] {
  const low = text.toLowerCase();
  if (low === '' && source === '') return all;
  return all.filter(
    (line) => (source === '' || line.source === source) && line.text.toLowerCase().includes(low),
  );
}

/** Index of the first line at or after a time. */
export function indexAt(all: readonly LogLine[], at: number): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
