import path from 'node:path';
import { type PageOptions, type WrittenPage, writePage } from '@backendai-e2e/page/page-file';
import { readCatalog } from '../catalog/catalog.ts';
import { defaultHistory } from '../history/default-folder.ts';
import { readHistory } from '../history/history-folder.ts';
import { previousRecord } from '../history/results-records.ts';
import { defaultCacheDir, PROJECT_ROOT } from '../machine/provision.ts';
import { addGreenLines, readGreenLines } from './green-lines.ts';
import { proofIn } from './proof-files.ts';

/** Runs of the history that a page shows. */
export const MOST_RUNS = 1_000;

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
 * Writes index.html into the folder of a run, with the runs of the history before it.
 * @param history folder of the history
 * @throws Error if the folder holds no run, or the page cannot be built
 */
export async function writeRunPage(
  out: string,
  { history = defaultHistory(), cacheDir = defaultCacheDir() }: { history?: string; cacheDir?: string } = {},
): Promise<Pick<WrittenPage, 'file' | 'bytes' | 'dataBytes' | 'programBytes'>> {
  const before = await previousRecord(out);
  const { records, troubles } = await readHistory(history, MOST_RUNS).catch((error: unknown) => ({
    records: [],
    troubles: [`the history ${history} cannot be read: ${error instanceof Error ? error.message : error}`],
  }));
  const green = await readGreenLines(out);
  const { kinds, run, ...page } = await writePage(out, {
    catalog: await knownSuites(),
    history: before ? [...records, before] : records,
    missing: troubles,
    proof: await proofIn(PROJECT_ROOT, out),
    ...(green ? { green } : {}),
    cacheDir,
  });
  if (run.succeeded?.status === 'True') await addGreenLines(out, run.name, kinds);
  return page;
}

/** What the catalog of this checkout says about each suite. */
export async function knownSuites(): Promise<NonNullable<PageOptions['catalog']>> {
  const catalog = await readCatalog(PROJECT_ROOT);
  return new Map(
    catalog.map((traits) => {
      const { name, description = '', claims = [], needs = [] } = traits;
      return [name, { description, claims, needs, traits }] as const;
    }),
  );
}
