import type { HistoryHead } from './read.ts';

/** Name of the file of a run. Times in names sort as text. */
export function historyFileName({ startedAt, uid }: Pick<HistoryHead, 'startedAt' | 'uid'>): string {
  return `${new Date(startedAt).toISOString().slice(0, 19).replaceAll(':', '')}Z-${uid}.jsonl.gz`;
}

/** Start of the run in the name of its file, in ms since 1970; undefined for another name. */
export function startInFileName(file: string): number | undefined {
  const [, day, hours, minutes, seconds] = /^(\d{4}-\d\d-\d\d)T(\d\d)(\d\d)(\d\d)Z-/i.exec(file) ?? [];
  const at = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(at) ? undefined : at;
}
