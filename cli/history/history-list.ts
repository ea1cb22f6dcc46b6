import { seconds } from '@backendai-e2e/results/duration';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { type Shown, tableOf } from '../terminal/output.ts';

/** The runs of a history, newest first: a row each. */
export function listOfHistory(records: readonly HistoryRecord[], limit: number): Shown {
  const newest = records.slice(-limit).reverse();
  const rows = newest.map((record) => {
    const tests = record.suites.flatMap((suite) => suite.tests);
    const count = (...states: string[]) => String(tests.filter(({ state }) => states.includes(state)).length);
    return [
      record.name,
      record.startedAt.slice(0, 16).replace('T', ' '),
      record.verdict ?? '',
      String(record.suites.length),
      count('passed'),
      count('failed', 'inconclusive', 'interrupted'),
      count('known-issue'),
      spanOf(record),
      record.pace === undefined ? '' : record.pace.toFixed(1),
      record.backendAi.join(', '),
    ];
  });
  return tableOf(
    ['run', 'started (UTC)', 'verdict', 'suites', 'passed', 'failed', 'known', 'time', 'pace', 'Backend.AI'],
    rows,
    newest,
  );
}

function spanOf({ startedAt, finishedAt }: HistoryRecord): string {
  return finishedAt ? seconds((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000) : '';
}
