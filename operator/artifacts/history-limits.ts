import { HISTORY_REPORT, partsOf } from '@backendai-e2e/api/artifact-key';
import { startInFileName } from '@backendai-e2e/results/history/file-name';
import type { Listed } from './server/backend.ts';

/** The record of a run on the artifact server. */
export interface StoredRecord {
  /** UID of the run. */
  uid: string;
  /** When the run began, in ms since 1970. */
  startedAt: number;
  bytes: number;
}

const DAY_MS = 86_400_000;

/** The records of runs among the artifacts of a namespace. Pure. */
export function recordsIn(listed: readonly Listed[]): StoredRecord[] {
  return listed.flatMap(({ place, bytes }) => {
    if (place.report !== HISTORY_REPORT) return [];
    const startedAt = startInFileName(partsOf(place.key)?.file ?? '') ?? 0;
    return [{ uid: place.uid, startedAt, bytes }];
  });
}

/** UIDs of the runs whose records go: those that are too old, then the oldest beyond the bytes. Pure. */
export function runsBeyondLimits(
  records: readonly StoredRecord[],
  limits: { bytes: number; days: number },
  now: Date,
): string[] {
  const oldest = now.getTime() - limits.days * DAY_MS;
  const newestFirst = records.toSorted((a, b) => b.startedAt - a.startedAt);
  let bytes = 0;
  return newestFirst.flatMap((record) => {
    bytes += record.bytes;
    return record.startedAt < oldest || bytes > limits.bytes ? [record.uid] : [];
  });
}
