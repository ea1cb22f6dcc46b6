import { signal } from '@preact/signals';
import { PAST_TESTS, type PastTests } from '../../model/data/past-data.ts';
import { textOf } from './data-block.ts';

/** A row of the grid: a suite, or a test of it. The row -1 is that of the runs. */
export interface GridPlace {
  /** Place among the rows that are shown. */
  row: number;
  /** Place of the run; -1 is the name of the row. */
  run: number;
}

/** What the comparison shows: a suite, or all of them, in a run. */
export interface Chosen {
  run: number;
  suite: number | undefined;
}

/** The tests of all runs; undefined until someone asks for them. */
export const pastTests = signal<PastTests | undefined>(undefined);
/** Suites whose tests are shown. */
export const opened = signal<ReadonlySet<number>>(new Set());
export const active = signal<GridPlace>({ row: 0, run: 0 });
export const chosen = signal<Chosen | undefined>(undefined);
/** Why the tests cannot be shown. */
export const pastTrouble = signal('');

/** Shows or hides the tests of a suite. */
export async function toggle(suite: number): Promise<void> {
  await loadTests();
  const next = new Set(opened.value);
  if (!next.delete(suite)) next.add(suite);
  opened.value = next;
}

/** Compares a run with the one before it. */
export async function compare(run: number, suite: number | undefined): Promise<void> {
  await loadTests();
  chosen.value = { run, suite };
}

/** Takes the tests away: those of other runs are shown now. Suites that were open are closed. */
export function forgetTests(): void {
  pastTests.value = undefined;
  opened.value = new Set();
  chosen.value = undefined;
}

async function loadTests(): Promise<void> {
  if (pastTests.value) return;
  try {
    pastTests.value = JSON.parse(await textOf(PAST_TESTS));
  } catch (error) {
    pastTrouble.value = `The tests cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
  }
}
