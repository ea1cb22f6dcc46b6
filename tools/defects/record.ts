import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '@backendai-e2e/cli/machine/optional-file';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import type { Defect } from './defect-list.ts';
import type { State } from './judge.ts';
import { digestOf, type Tried } from './results.ts';

/** The committed record, relative to the checkout. The command writes it after each group. */
export const RECORD_FILE = 'suites/defects-tried.json';

/** How a defect ended when it was planted last. */
export interface Recorded {
  name: string;
  state: State;
  /** Day, as in 2026-11-30. */
  on: string;
  /** Release of Backend.AI. */
  release: string;
  /** Suites whose message named the defect. */
  seenBy: string[];
  /** Title and first line of the error of the first failed test, or what happened instead. */
  said: string;
  digest: string;
}

/** The record with new outcomes, in the order of the list, without defects that the list no longer has. Pure. */
export function recordWith(
  defects: readonly Defect[],
  record: readonly Recorded[],
  fresh: readonly Tried[],
  { on, release }: { on: string; release: string },
): Recorded[] {
  return defects.flatMap((defect) => {
    const outcome = fresh.find(({ name }) => name === defect.name);
    if (!outcome) return record.filter(({ name }) => name === defect.name);
    const { name, state, seenBy, said, digest } = outcome;
    return [{ name, state, on, release, seenBy, said: withoutIds(said), digest }];
  });
}

/** The state of a defect in the record; "not planted" where its row has changed since, or was never tried. Pure. */
export function stateIn(record: readonly Recorded[], defect: Defect): State | 'not planted' {
  const found = record.find(({ name }) => name === defect.name);
  return found && found.digest === digestOf(defect) ? found.state : 'not planted';
}

/** The entries of the record whose rows are as they were. Pure. */
export function settledIn(record: readonly Recorded[], defects: readonly Defect[]): Recorded[] {
  const digests = new Set(defects.map(digestOf));
  return record.filter(({ digest }) => digests.has(digest));
}

/** The text without ids of one run, which would change with each run. Pure. */
export function withoutIds(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>')
    .replace(/\b[0-9a-f]{32,64}\b/g, '<id>')
    .replace(/\be2e-([a-z-]+)-[0-9a-f]{8}-\d+/g, 'e2e-$1-<id>');
}

/** Reads the record. Empty where there is none. */
export async function readRecord(): Promise<Recorded[]> {
  return JSON.parse((await unlessMissing(readFile(path.join(PROJECT_ROOT, RECORD_FILE), 'utf8'))) ?? '[]');
}

/** Writes the record. */
export async function writeRecord(record: readonly Recorded[]): Promise<void> {
  await writeFile(path.join(PROJECT_ROOT, RECORD_FILE), `${JSON.stringify(record, undefined, 2)}\n`);
}
