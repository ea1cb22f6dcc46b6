import type { PastData, PastRow, PastTests } from '../../model/data/past-data.ts';
import { stateOf } from '../../model/past/cells.ts';
import { duration } from '../elements/words.ts';

/** A row of the grid that is shown. */
export interface GridRow {
  /** Place of the suite. */
  suite: number;
  isTest: boolean;
  row: PastRow;
}

/** Suites, each with its tests if it is open. */
export function rowsOf(
  { suites }: PastData,
  tests: PastTests | undefined,
  open: ReadonlySet<number>,
): GridRow[] {
  return suites.flatMap((row, suite) => [
    { suite, isTest: false, row },
    ...(open.has(suite)
      ? (tests?.suites[suite] ?? []).map((test) => ({ suite, isTest: true, row: test }))
      : []),
  ]);
}

/** A cell in words: "storage-upload in e2e-x1: Passed, 12.3 s". */
export function cellWords({ runs }: PastData, { row }: GridRow, run: number): string {
  const state = stateOf(row.cells[run]) ?? 'did not run';
  const time = row.times[run] ?? -1;
  return `${row.name} in ${runs[run]?.name ?? ''}: ${state}${time >= 0 ? `, ${duration(time / 100)}` : ''}`;
}

/** The day of a run in UTC, for example "11-30". */
export function dayOf(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString().slice(5, 10) : '';
}
