import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '@backendai-e2e/cli/machine/optional-file';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import type { Defect } from './defect-list.ts';
import type { Outcome } from './judge.ts';

const FOLDER = path.join(PROJECT_ROOT, 'out', 'defects');
const JSON_FILE = path.join(FOLDER, 'defects.json');

/** An outcome with the digest of the row that it belongs to. */
export interface Tried extends Outcome {
  digest: string;
}

/** Changes whenever the row of the list changes. */
export function digestOf({ name, component, way, suites, says }: Defect): string {
  const row = JSON.stringify([name, component, way, suites, says.source]);
  return createHash('sha256').update(row).digest('hex').slice(0, 16);
}

/** The defects that earlier results do not settle: those never tried, unproven, or changed since. Pure. */
export function stillToTry(defects: readonly Defect[], tried: readonly Tried[]): Defect[] {
  const settled = new Set(tried.filter(({ state }) => state !== 'unproven').map(({ digest }) => digest));
  return defects.filter((defect) => !settled.has(digestOf(defect)));
}

/** Earlier results, with the new ones in place of older ones of the same defects. Pure. */
export function merged(earlier: readonly Tried[], later: readonly Tried[]): Tried[] {
  const names = new Set(later.map(({ name }) => name));
  return [...earlier.filter(({ name }) => !names.has(name)), ...later];
}

/** The results of earlier calls. Empty where there are none. */
export async function readTried(): Promise<Tried[]> {
  return JSON.parse((await unlessMissing(readFile(JSON_FILE, 'utf8'))) ?? '[]');
}

/** Writes out/defects/defects.json and table.md. */
export async function writeTried(defects: readonly Defect[], tried: readonly Tried[]): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(JSON_FILE, `${JSON.stringify(tried, undefined, 2)}\n`);
  await writeFile(path.join(FOLDER, 'table.md'), tableOf(defects, tried));
}

/** Least share of defects that suites must catch. */
const LEAST_CAUGHT = 0.95;

/** Whether the suites caught enough of the defects. Pure. */
export function isGood(tried: readonly Tried[]): boolean {
  return tried.filter(({ state }) => state === 'caught').length >= LEAST_CAUGHT * tried.length;
}

/** The results as a Markdown table: defect, state, suites that saw it, and first message if it is wide. Pure. */
export function tableOf(
  defects: readonly Defect[],
  tried: readonly Tried[],
  { wide }: { wide: boolean } = { wide: true },
): string {
  const rows = defects.flatMap(({ name, component, suites }) => {
    const outcome = tried.find((one) => one.name === name);
    if (!outcome) return [];
    const seen = suites.map((suite) => `${outcome.seenBy.includes(suite) ? '✔' : '–'} ${suite}`);
    const cells = [name, component, outcome.state, seen.join('<br>'), ...(wide ? [outcome.said] : [])];
    return [`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`];
  });
  const titles = ['defect', 'component', 'state', 'suites', ...(wide ? ['first message'] : [])];
  const head = [`| ${titles.join(' | ')} |`, `|${' --- |'.repeat(titles.length)}`];
  return `${[...head, ...rows, '', summaryOf(tried)].join('\n')}\n`;
}

/** "9 of 10 defects caught; missed: a". Pure. */
export function summaryOf(tried: readonly Tried[]): string {
  const names = (state: Tried['state']): string[] =>
    tried.filter((one) => one.state === state).map(({ name }) => name);
  const rest = (['unnamed', 'missed', 'unproven'] as const)
    .map((state) => [state, names(state)] as const)
    .filter(([, those]) => those.length > 0)
    .map(([state, those]) => `; ${state}: ${those.join(', ')}`);
  return `${names('caught').length} of ${tried.length} defects caught${rest.join('')}`;
}
