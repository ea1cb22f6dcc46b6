import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { unlessMissing } from '../machine/optional-file.ts';
import type { Sight } from '../series/sight.ts';
import type { ColorOf } from './narrow.ts';

const TriedPoint = Type.Object({
  /** Which tests ran: see {@link questionOf}. */
  question: Type.String(),
  key: Type.String(),
  color: Type.Enum(['red', 'green', 'unknown']),
  said: Type.String(),
  /** The Backend.AI that the tests met. */
  met: Type.String(),
  /** Folder of the results, relative to the project. */
  folder: Type.String(),
  /** false: what the key names may have changed, so the file does not keep it. */
  lasting: Type.Optional(Type.Boolean()),
});

/** A trial of this or of an earlier call. */
export type TriedPoint = Static<typeof TriedPoint>;

/** The tests of a bisection. */
export interface Tests {
  suites?: string;
  grep?: string;
  rounds?: number;
  includeSlow: boolean;
}

/** Changes with the tests: only trials of the same tests can be compared. */
export function questionOf({ suites = '', grep = '', rounds = 0, includeSlow }: Tests): string {
  const text = JSON.stringify([suites, grep, rounds, includeSlow]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Colors of the points that were tried with these tests; the last trial of a point counts. Pure. */
export function colorsOf(tried: readonly TriedPoint[], question: string): ColorOf {
  const colors = new Map<string, Sight['color']>(
    tried.filter((one) => one.question === question).map(({ key, color }) => [key, color]),
  );
  return (key) => colors.get(key);
}

/** The trials in the file. None where it does not exist. @throws Error for a file that holds something else */
export async function readTried(file: string): Promise<TriedPoint[]> {
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return [];
  const content: unknown = JSON.parse(text);
  if (Value.Check(Type.Array(TriedPoint), content)) return content;
  throw new Error(`${file} does not hold trials of e2e bisect. Remove it, or call bisect with --again.`);
}

/** Writes the trials of what stays the same. */
export async function writeTried(file: string, tried: readonly TriedPoint[]): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const kept = tried.filter(({ lasting }) => lasting !== false);
  await writeFile(file, `${JSON.stringify(kept, undefined, 2)}\n`);
}
