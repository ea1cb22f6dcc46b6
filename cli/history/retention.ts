import type { HistoryHead } from '@backendai-e2e/results/history/read';

/** What a history may keep. What exceeds a limit goes. */
export interface Retention {
  /** Number of runs, the newest. */
  keep?: number;
  /** Age in days since the start of a run. */
  days?: number;
}

const DAY_MS = 86_400_000;

/** The files whose runs all exceed a limit. A file without a readable run stays: someone has to look at it. Pure. */
export function filesToPrune(
  files: readonly { file: string; lines: readonly HistoryHead[] }[],
  { keep = Number.POSITIVE_INFINITY, days = Number.POSITIVE_INFINITY }: Retention,
  now: Date,
): string[] {
  const heads = new Map(files.flatMap(({ lines }) => lines.map((line) => [line.uid, line] as const)));
  const newest = [...heads.values()].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
  const kept = new Set(newest.slice(0, keep).map(({ uid }) => uid));
  const oldest = now.getTime() - days * DAY_MS;
  const isOld = ({ uid, startedAt }: HistoryHead) => !kept.has(uid) || Date.parse(startedAt) < oldest;
  return files.filter(({ lines }) => lines.length > 0 && lines.every(isOld)).map(({ file }) => file);
}
