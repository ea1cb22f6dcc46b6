import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type PageOptions, writePage } from '@backendai-e2e/page/page-file';
import { comparison } from '@backendai-e2e/results/comparison';
import { readRunFile, type WholeRunFile } from '@backendai-e2e/results/run-file';
import { runRecord } from '@backendai-e2e/results/run-record';
import { nameOf } from '@backendai-e2e/results/test-record';
import { readCatalog } from '../catalog/catalog.ts';
import { PREVIOUS } from '../collect/results-folder.ts';
import { defaultCacheDir, PROJECT_ROOT } from '../machine/provision.ts';
import { addGreenLines, readGreenLines } from './green-lines.ts';

/**
 * Writes index.html into the folder of a run. Returns the lines for people: where it is, or why there is none. A lost page
 * must not change a verdict.
 * @param shown the folder for people
 */
export async function runPage(out: string, shown: string): Promise<string[]> {
  try {
    const { file } = await writeRunPage(out);
    return [`open ${path.join(shown, path.basename(file))} in a browser`];
  } catch (error) {
    return [`the page of the run could not be made: ${error instanceof Error ? error.message : error}`];
  }
}

/**
 * Writes index.html into the folder of a run, compared with the run that was there before.
 * @throws Error if the folder holds no run, or the page cannot be built
 */
export async function writeRunPage(
  out: string,
  cacheDir = defaultCacheDir(),
): Promise<{ file: string; bytes: number }> {
  const before = await previousRun(out);
  const green = await readGreenLines(out);
  const { kinds, run, ...page } = await writePage(out, {
    catalog: await knownSuites(),
    ...(before ? { before, since: await sinceOf(out, before) } : {}),
    ...(green ? { green } : {}),
    cacheDir,
  });
  if (run.succeeded?.status === 'True') await addGreenLines(out, run.name, kinds);
  return page;
}

async function previousRun(out: string): Promise<WholeRunFile | undefined> {
  const file = path.join(out, PREVIOUS);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : readRunFile(text, file);
}

async function sinceOf(out: string, before: WholeRunFile): Promise<NonNullable<PageOptions['since']>> {
  const file = path.join(out, 'run.json');
  const now = readRunFile(await readFile(file, 'utf8'), file);
  const { broke, fixed, stillBad, slower, added, gone } = comparison(runRecord(before), runRecord(now));
  return {
    run: before.run.metadata.name,
    broke: broke.map(nameOf),
    fixed: fixed.map(nameOf),
    stillBad: stillBad.map(nameOf),
    slower: slower.map(nameOf),
    added: added.length,
    gone: gone.length,
  };
}

async function knownSuites(): Promise<NonNullable<PageOptions['catalog']>> {
  const catalog = await readCatalog(PROJECT_ROOT);
  return new Map(
    catalog.map(({ name, description = '', claims = [] }) => [name, { description, claims }] as const),
  );
}
