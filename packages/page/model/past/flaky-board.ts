import { fingerprintOf } from '@backendai-e2e/results/history/comparable';
import type { HistoryRecord, HistoryTest } from '@backendai-e2e/results/history/record';
import { isFlaky, isGood, type PastResult, stabilityOf } from '@backendai-e2e/results/history/stability';
import { nameOf } from '@backendai-e2e/results/test-record';
import type { FlakyRow } from '../data/past-data.ts';
import { cellOf } from './cells.ts';

/** Runs in which the board looks for contradictions, and how many of their results it draws. */
const WINDOW = { runs: 50, drawn: 20 } as const;
const MOST_ROWS = 50;

interface Seen {
  suite: string;
  title: string;
  results: { test: HistoryTest; fingerprint: string | undefined }[];
}

/**
 * The tests whose results contradict each other in the last runs, worst first. Pure.
 * @param newest records, newest first
 */
export function flakyBoard(newest: readonly HistoryRecord[]): { flaky: FlakyRow[]; moreFlaky: number } {
  const tests = new Map<string, Seen>();
  for (const record of newest.slice(0, WINDOW.runs)) {
    const fingerprint = fingerprintOf(record);
    for (const suite of record.suites) {
      for (const test of suite.tests) {
        const key = `${suite.name}\n${nameOf(test)}`;
        const seen = tests.get(key) ?? { suite: suite.name, title: test.title, results: [] };
        seen.results.push({ test, fingerprint });
        tests.set(key, seen);
      }
    }
  }
  const rows = [...tests.values()].flatMap(rowOf).sort(byDoubt);
  return { flaky: rows.slice(0, MOST_ROWS), moreFlaky: Math.max(0, rows.length - MOST_ROWS) };
}

function rowOf({ suite, title, results }: Seen): FlakyRow[] {
  const outcomes = results.toReversed().flatMap(({ test, fingerprint }): PastResult[] => {
    const good = isGood(test);
    if (good === undefined) return [];
    const recovered = test.recovered === true;
    return [{ good, recovered, ...(fingerprint === undefined ? {} : { fingerprint }) }];
  });
  const { passes, ...stability } = stabilityOf(outcomes);
  if (!isFlaky({ passes, ...stability })) return [];
  return [
    {
      ...{ suite, title, ...passes, ...stability },
      cells: results
        .slice(0, WINDOW.drawn)
        .map(({ test }) => cellOf(test.state))
        .join(''),
      error: results.find(({ test }) => isGood(test) === false)?.test.error ?? '',
    },
  ];
}

function byDoubt(a: FlakyRow, b: FlakyRow): number {
  return (
    b.disagreements - a.disagreements ||
    b.flips - a.flips ||
    b.recovered - a.recovered ||
    a.title.localeCompare(b.title)
  );
}
