import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '@backendai-e2e/cli/machine/optional-file';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import type { Outcome, State } from './judge.ts';
import { pairInWords, type Repair } from './repairs.ts';

/** What earlier calls of `make backtest` found. It is in git, so that the page can be written without a cluster. */
const RESULTS = path.join(PROJECT_ROOT, 'suites/backtest-results.json');

/** An outcome with the digest of the row that it belongs to, and the day. */
export interface Tried extends Outcome {
  digest: string;
  /** "2026-11-30". */
  on: string;
}

/** How many repairs have each state. "not tried": the test has not run since the row changed. */
export type Tally = Record<State | 'not tried', number>;

/** Changes whenever the row of the list changes. */
function digestOf({ id, repaired, witness }: Repair): string {
  const { suite, test, beside, says } = 'suite' in witness ? witness : {};
  const patterns = [test, beside, says].map((pattern) => pattern?.source ?? '');
  const row = JSON.stringify([id, repaired.map(pairInWords), suite ?? '', ...patterns]);
  return createHash('sha256').update(row).digest('hex').slice(0, 16);
}

/** Earlier results with the new ones in place of older ones, in the order of the list. Those of changed rows go. Pure. */
export function merged(
  repairs: readonly Repair[],
  earlier: readonly Tried[],
  outcomes: readonly Outcome[],
  on: string,
): Tried[] {
  return repairs.flatMap((repair) => {
    const digest = digestOf(repair);
    const outcome = outcomes.find(({ id }) => id === repair.id);
    if (outcome) return [{ ...outcome, digest, on }];
    return earlier.filter((tried) => tried.id === repair.id && tried.digest === digest);
  });
}

/** What is known of a repair: its result, "missed" where it has no test, "not tried" otherwise. Pure. */
export function stateOf(repair: Repair, tried: readonly Tried[]): State | 'not tried' {
  if ('missing' in repair.witness) return 'missed';
  const digest = digestOf(repair);
  return tried.find((one) => one.id === repair.id && one.digest === digest)?.state ?? 'not tried';
}

/** Counts the repairs by state. Pure. */
export function tallyOf(repairs: readonly Repair[], tried: readonly Tried[]): Tally {
  const tally: Tally = { caught: 0, missed: 0, 'not comparable': 0, 'not tried': 0 };
  for (const repair of repairs) tally[stateOf(repair, tried)] += 1;
  return tally;
}

/** "2 caught, 120 missed, 1 not comparable, 7 not tried". Pure. */
export function tallyInWords(tally: Tally): string {
  return Object.entries(tally)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}

/** The results of earlier calls. Empty where there are none. */
export async function readTried(): Promise<Tried[]> {
  return JSON.parse((await unlessMissing(readFile(RESULTS, 'utf8'))) ?? '[]');
}

/** Writes the results. */
export async function writeTried(tried: readonly Tried[]): Promise<void> {
  await writeFile(RESULTS, `${JSON.stringify(tried, undefined, 2)}\n`);
}
