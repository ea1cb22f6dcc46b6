import { earlierThan } from '@backendai-e2e/results/history/comparable';
import { historyRecord } from '@backendai-e2e/results/history/derive';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import type { WholeRunFile } from '@backendai-e2e/results/run-file';
import type { Since } from '../data/page-data.ts';
import type { PastData, PastTests } from '../data/past-data.ts';
import { pastOf } from './past-runs.ts';
import { sinceOf } from './since.ts';

/** What the history says about the run and those before it. A run that never began has no past. Pure. */
export function pastOfRun(
  file: WholeRunFile,
  history: readonly HistoryRecord[],
): { since?: Since; past?: PastData; tests?: PastTests } {
  if (!file.run.status?.startedAt) return {};
  const now = historyRecord(file);
  const earlier = earlierThan(history, now);
  if (earlier.length === 0) return {};
  const { past, tests } = pastOf([...earlier, now]);
  const since = sinceOf(earlier, now, past.flaky);
  return { past, tests, ...(since ? { since } : {}) };
}
