import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Component } from '@backendai-e2e/api/components';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { unlessMissing } from '../machine/optional-file.ts';
import { SOURCES } from './checkout.ts';
import { componentsOf } from './owners.ts';

/** What the images of a checkout hold. */
const LaidSources = Type.Object({
  /** References of its images. */
  refs: Type.Array(Type.String()),
  /** Content key of the packages below. */
  base: Type.String(),
  version: Type.String(),
  commit: Type.Optional(Type.String()),
  /** Hash of each file, by its path below src/ai/backend. */
  files: Type.Record(Type.String(), Type.String()),
});
export type LaidSources = Static<typeof LaidSources>;

/** Number of builds that are remembered. */
const REMEMBERED = 8;
/** Files that decide what the bootstrap Job does to databases that are there. */
const OF_DATABASES = /\/(alembic|models)\//;

/** What differs between two builds: components whose code does, and whether the bootstrap Job must run again. */
export interface Touched {
  components: readonly Component[];
  databases: boolean;
}

/** What differs; undefined where they differ in more than the sources of one commit, so that everything may. Pure. */
export function touchedSince(before: LaidSources | undefined, now: LaidSources): Touched | undefined {
  if (!before || before.base !== now.base) return undefined;
  // Each component says which commit it runs.
  if (before.commit !== now.commit || before.version !== now.version) return undefined;
  const names = new Set([...Object.keys(before.files), ...Object.keys(now.files)]);
  const changed = [...names].filter((name) => before.files[name] !== now.files[name]);
  return {
    components: componentsOf(changed.map((name) => `${SOURCES}/${name}`)),
    databases: changed.some((name) => OF_DATABASES.test(name)),
  };
}

/** The builds of checkouts that this machine made, newest first. None where the file is missing or foreign. */
export async function readLaid(cacheDir: string): Promise<LaidSources[]> {
  try {
    const content: unknown = JSON.parse((await unlessMissing(readFile(fileIn(cacheDir), 'utf8'))) ?? '[]');
    return Value.Check(Type.Array(LaidSources), content) ? content : [];
  } catch (error) {
    // Only time is lost without it: every component is replaced.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Remembers a build. Call it under the lock of the images. */
export async function rememberLaid(cacheDir: string, sources: LaidSources): Promise<void> {
  const others = (await readLaid(cacheDir)).filter(
    ({ refs }) => !refs.some((ref) => sources.refs.includes(ref)),
  );
  const file = fileIn(cacheDir);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.${process.pid}`, JSON.stringify([sources, ...others].slice(0, REMEMBERED)));
  await rename(`${file}.${process.pid}`, file);
}

function fileIn(cacheDir: string): string {
  return path.join(cacheDir, 'backend-ai', 'laid.json');
}
